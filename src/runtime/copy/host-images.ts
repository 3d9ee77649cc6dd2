// What is on the host with images in it: archives, layouts and directories.
import type { ImageLocation } from '../../oci/image-location.js';
import type { ImageArchive } from './image-archive.js';
import { openArchive, openSource, type ArchiveLocation, type TransportContext } from '../transports.js';

export type HostLocation = ArchiveLocation | Extract<ImageLocation, { readonly transport: 'dir' }>;

const transports: ReadonlySet<string> = new Set(['dir', 'docker-archive', 'oci', 'oci-archive']);

export function isOnHost(location: ImageLocation): location is HostLocation {
  return transports.has(location.transport);
}

/** Opens it; a directory has one image without a name. Throws CopyError and ArchiveError. */
export async function openHostImages(
  context: TransportContext,
  location: HostLocation,
  signal: AbortSignal,
): Promise<ImageArchive> {
  if (location.transport !== 'dir') return await openArchive(context, location, signal);
  const { transport, path } = location;
  const source = await openSource(context, location, {}, signal);
  // Whether it is one is known by its manifest only.
  await source.manifest(undefined, signal);
  return {
    transport,
    path,
    images: [{ names: [], open: () => source }],
    [Symbol.asyncDispose]: async () => await source[Symbol.asyncDispose](),
  };
}
