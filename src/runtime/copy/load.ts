// LoadImage: the images of an uploaded archive into the store (images-and-transports §4.7).
import { stat } from 'node:fs/promises';
import { MissingMemberError } from '../../archive/archive-errors.js';
import { CompressionError, TarFormatError } from '../../archive/errors.js';
import type { CopyContext } from './copy-context.js';
import { CopyError, FileUnavailableError, messageOf, rootCause, systemReason } from '../errors.js';
import type { ArchivedImage, ImageArchive } from './image-archive.js';
import type { Operation } from '../operation.js';
import { storeImages } from './store-archive.js';
import { openHostImages, type HostLocation } from './host-images.js';

export interface LoadRequest {
  /** Of an archive of the OCI, the image that is meant; others have all of theirs loaded. */
  readonly name: string;
  readonly path: string;
  /** What the caller called it. */
  readonly file: string;
}

/** The names of what was loaded; an image without one is named by its digest. Throws {@link CopyError}. */
export async function loadImages(
  context: CopyContext,
  request: LoadRequest,
  operation: Operation,
): Promise<readonly string[]> {
  const { signal } = operation;
  try {
    await using archive = await openPayload(context, request, signal);
    const stored = await storeImages(context, chosenImages(archive, request.name), operation);
    await context.events.write({ status: 'loadfromarchive', id: '', name: '' });
    return stored.flatMap(({ id, names }) => (names.length > 0 ? names : [`sha256:${id}`]));
  } catch (error) {
    signal.throwIfAborted();
    throw new CopyError(`error pulling ${JSON.stringify(request.name)}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** What it is says its content: tried is what is fit for a file or a directory, in this order. */
async function openPayload(
  context: CopyContext,
  { path, file }: LoadRequest,
  signal: AbortSignal,
): Promise<ImageArchive> {
  const failures: string[] = [];
  for (const location of await candidates(path, file)) {
    try {
      return await openHostImages(context, location, signal);
    } catch (error) {
      // It may be something else, if it is not known by what lies at its root; anything else that is wrong is told.
      if (!isOtherFormat(error)) throw error;
      failures.push(` * ${location.transport}: ${rootCause(error)}`);
    }
  }
  throw new CopyError(`payload does not match any of the supported image formats:\n${failures.join('\n')}`);
}

async function candidates(path: string, file: string): Promise<readonly HostLocation[]> {
  let isDirectory: boolean;
  try {
    isDirectory = (await stat(path)).isDirectory();
  } catch (error) {
    throw new FileUnavailableError(`open ${file}: ${systemReason(error)}`, { cause: error });
  }
  const image = {};
  if (!isDirectory) {
    return [
      { transport: 'docker-archive', path, image },
      { transport: 'oci-archive', path, image },
    ];
  }
  return [
    { transport: 'oci', path, image },
    { transport: 'dir', path },
  ];
}

function isOtherFormat(error: unknown): boolean {
  if (error instanceof MissingMemberError) return rootDocuments.has(error.member);
  if (error instanceof TarFormatError || error instanceof CompressionError) return true;
  return error instanceof Error && isOtherFormat(error.cause);
}

/** By these an archive, a layout and a directory are known. */
const rootDocuments: ReadonlySet<string> = new Set(['manifest.json', 'index.json', 'oci-layout']);

function chosenImages({ images }: ImageArchive, name: string): readonly ArchivedImage[] {
  const named = images.filter(({ refName }) => name !== '' && refName === name);
  return named.length > 0 ? named : images;
}
