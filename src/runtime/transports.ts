// Opens what a name with a transport stands for, to read from or to write to. The code of a transport is loaded when it is used.
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { ImageLocation, ImageSelector } from '../oci/image-location.js';
import { normalizedTag } from '../oci/local-name.js';
import {
  formatReference,
  InvalidReferenceError,
  parseNormalized,
  preferDigest,
  tagNameOnly,
  type Reference,
} from '../oci/reference.js';
import type { Credentials } from '../registry/credentials.js';
import { CopyError, messageOf } from './errors.js';
import type { ImageArchive } from './copy/image-archive.js';
import type { ImageDestination } from './copy/image-sink.js';
import type { ImageSource } from './copy/image-source.js';
import type { Registries } from './registries.js';
import type { StoredImage } from '../store/index.js';
import { findImage } from './images/resolve.js';
import { storeDestination, type StoreSinkContext } from './transports/store-destination.js';

/** What transports work with. */
export interface TransportContext extends StoreSinkContext {
  readonly registries: Registries;
}

/** Whom a caller claims to be at a registry; without it the auth files are looked into. */
export interface RegistryCaller {
  readonly credentials?: Credentials | undefined;
}

/** A transport that cannot be read from, or not be written to. */
export class TransportUnsupportedError extends Error {
  override readonly name = 'TransportUnsupportedError';
  readonly code = 'TRANSPORT_UNSUPPORTED';
}

/** The image at `location`. Throws {@link CopyError} with the prefix that clients know. */
export async function openSource(
  context: TransportContext,
  location: ImageLocation,
  { credentials }: RegistryCaller,
  signal: AbortSignal,
): Promise<ImageSource> {
  try {
    switch (location.transport) {
      case 'docker':
        return await context.registries.open(preferDigest(location.reference), credentials, signal);
      case 'containers-storage':
        return await openStored(context, location.name, signal);
      case 'dir': {
        const { openDirectory } = await import('./transports/directory-source.js');
        return await openDirectory(await identityOf(location.path));
      }
      case 'docker-archive':
      case 'oci':
      case 'oci-archive':
        return await openOneOf(await openImages(context, location, signal), location.image);
      default:
        throw new TransportUnsupportedError(`images cannot be read from ${location.transport}:`);
    }
  } catch (error) {
    signal.throwIfAborted();
    const name = formatImageLocation(location);
    throw new CopyError(`Error initializing source ${name}: ${messageOf(error)}`, { cause: error });
  }
}

/** A location that may have several images. */
export type ArchiveLocation = Extract<ImageLocation, { readonly image: ImageSelector }>;

/** All images of an archive or a layout. Throws {@link CopyError} with the prefix that clients know. */
export async function openArchive(
  context: TransportContext,
  location: ArchiveLocation,
  signal: AbortSignal,
): Promise<ImageArchive> {
  try {
    return await openImages(context, location, signal);
  } catch (error) {
    signal.throwIfAborted();
    const name = formatImageLocation(location);
    throw new CopyError(`Error initializing source ${name}: ${messageOf(error)}`, { cause: error });
  }
}

async function openImages(
  { pool }: TransportContext,
  location: ArchiveLocation,
  signal: AbortSignal,
): Promise<ImageArchive> {
  const path = await identityOf(location.path);
  if (location.transport === 'docker-archive') {
    const { openDockerArchive } = await import('./transports/docker-archive-source.js');
    return await openDockerArchive(path, pool, signal);
  }
  const { openOciArchive, openOciLayout } = await import('./transports/layout-source.js');
  return await (location.transport === 'oci' ? openOciLayout : openOciArchive)(path, signal);
}

/** The image that is meant; disposing of it closes the archive too. */
async function openOneOf(archive: ImageArchive, image: ImageSelector): Promise<ImageSource> {
  try {
    const { selectImage } = await import('./transports/select-image.js');
    return owning(selectImage(archive, image).open(), archive);
  } catch (error) {
    await archive[Symbol.asyncDispose]();
    throw error;
  }
}

function owning(source: ImageSource, archive: ImageArchive): ImageSource {
  return {
    origin: source.origin,
    manifest: (digest, signal) => source.manifest(digest, signal),
    blobBytes: (descriptor, signal) => source.blobBytes(descriptor, signal),
    contents: async (manifest, signal) => (await source.contents?.(manifest, signal)) ?? manifest.layers,
    locate: (content, signal) => source.locate(content, signal),
    signatures: (manifest, signal) => source.signatures(manifest, signal),
    [Symbol.asyncDispose]: async () => {
      await source[Symbol.asyncDispose]();
      await archive[Symbol.asyncDispose]();
    },
  };
}

async function openStored(
  { store, registries }: TransportContext,
  name: string,
  signal: AbortSignal,
): Promise<ImageSource> {
  const image = findImage(await store.view(signal), name, registries);
  const { storageSource } = await import('./transports/storage-source.js');
  return storageSource(store, image, nameOf(name, image));
}

/** The name in full by which an image was asked for; none if that was an id. */
function nameOf(text: string, { id }: StoredImage): Reference | undefined {
  const word = text.replace(/^sha256:/, '');
  try {
    return id.startsWith(word) ? undefined : preferDigest(tagNameOnly(parseNormalized(text)));
  } catch (error) {
    if (error instanceof InvalidReferenceError) return undefined;
    throw error;
  }
}

/** A place for images at `location`; throws as {@link openSource} does. */
export async function openDestination(
  context: TransportContext,
  location: ImageLocation,
  { credentials }: RegistryCaller,
  signal: AbortSignal,
): Promise<ImageDestination> {
  try {
    switch (location.transport) {
      case 'docker':
        return await context.registries.create(preferDigest(location.reference), credentials, context);
      case 'containers-storage':
        return storeDestination(context);
      case 'dir': {
        const { createDirectory } = await import('./transports/directory-destination.js');
        return await createDirectory(await identityOf(location.path), context.pool, signal);
      }
      case 'docker-archive': {
        const { createDockerArchive } = await import('./transports/docker-archive-destination.js');
        return await createDockerArchive(await identityOf(location.path), context.pool);
      }
      case 'oci':
      case 'oci-archive': {
        const { createOciArchive, createOciLayout } = await import('./transports/layout-destination.js');
        const create = location.transport === 'oci' ? createOciLayout : createOciArchive;
        return await create(await identityOf(location.path), context.pool, signal);
      }
      default:
        throw new TransportUnsupportedError(`images cannot be written to ${location.transport}:`);
    }
  } catch (error) {
    signal.throwIfAborted();
    const name = formatImageLocation(location);
    throw new CopyError(`Error initializing destination ${name}: ${messageOf(error)}`, { cause: error });
  }
}

/** The location as it is written. */
export function formatImageLocation(location: ImageLocation): string {
  return `${location.transport}:${restOf(location)}`;
}

function restOf(location: ImageLocation): string {
  switch (location.transport) {
    case 'docker':
      return `//${formatReference(preferDigest(location.reference))}`;
    case 'docker-daemon':
      return location.reference;
    case 'containers-storage':
      return location.name;
    case 'dir':
      return location.path;
    case 'tarball':
      return location.paths.join(':');
    default: {
      const { name, index } = location.image;
      const image = index === undefined ? name : `@${index}`;
      return image === undefined ? location.path : `${location.path}:${image}`;
    }
  }
}

/** The name that an image at `location` is known by, if it has one. */
export function referenceOf(location: ImageLocation): Reference | undefined {
  switch (location.transport) {
    case 'docker':
      return preferDigest(location.reference);
    case 'containers-storage':
      return normalizedTag(location.name);
    case 'docker-archive':
      return location.image.name === undefined
        ? undefined
        : tagNameOnly(parseNormalized(location.image.name));
    default:
      return undefined;
  }
}

/**
 * The absolute path without symbolic links in what of it exists: the identity by which policies know an archive or a directory
 * (images-and-transports §4.1).
 */
export async function identityOf(path: string): Promise<string> {
  const absolute = resolve(path);
  try {
    return await realpath(absolute);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const parent = dirname(absolute);
    if (code !== 'ENOENT' || parent === absolute) throw error;
    return join(await identityOf(parent), basename(absolute));
  }
}
