// ImageSave: an image of the store into a file that its caller fetches (images-and-transports §4.6).
import { chmod } from 'node:fs/promises';
import type { WriteBytes } from '../../archive/tar-stream.js';
import type { ImageLocation } from '../../oci/image-location.js';
import { dockerManifest, ociManifest } from '../../oci/media-types.js';
import type { StoredImage } from '../../store/index.js';
import type { CopyContext } from './copy-context.js';
import { copyOut } from './copy-out.js';
import { CopyError, messageOf } from '../errors.js';
import type { MadeFile } from '../files/file-exchange.js';
import type { ImageDestination } from './image-sink.js';
import type { Operation } from '../operation.js';
import { packDirectory } from './pack-directory.js';
import { furtherNames } from './push.js';
import { saveName } from './save-name.js';
import type { LayerMover } from '../transports/layer-shelf.js';

export interface SaveRequest {
  readonly image: StoredImage;
  /** As the caller named it. */
  readonly name: string;
  /** `docker-archive`, also when empty, `oci-archive`, `docker-dir` or `oci-dir`. */
  readonly format: string;
  readonly moreTags: readonly string[];
  /** Zip the layers of a directory. */
  readonly compress: boolean;
}

interface SaveForm {
  readonly destination: ImageLocation;
  readonly names: readonly string[];
  readonly manifestType?: string;
  /** The directory that is to be packed. */
  readonly directory?: string;
}

/** Writes `file`. Throws {@link CopyError}. */
export async function saveImage(
  context: CopyContext,
  request: SaveRequest,
  file: MadeFile,
  operation: Operation,
): Promise<void> {
  const { image, name, compress } = request;
  const { directory, ...form } = saveForm(request, file);
  try {
    const compressed = compress && directory !== undefined;
    const options = { ...form, compress: compressed, signatures: 'keep-if-possible' as const };
    await copyOut(context, { image, ...options }, operation);
    if (directory !== undefined) await packDirectory(directory, file.path, context.pool, operation.signal);
    await chmod(file.path, 0o600);
  } catch (error) {
    operation.signal.throwIfAborted();
    throw new CopyError(`unable to save ${JSON.stringify(name)}: ${messageOf(error)}`, { cause: error });
  }
  await context.events.write({ status: 'save', id: image.id, name: image.names[0] ?? '' });
}

/** Whether an archive of this format can be made while it is sent: its layers are tars, whose length the store knows. */
export function isStreamed({ format }: SaveRequest): boolean {
  return format === '' || format === 'docker-archive';
}

/** Where an archive goes that nobody keeps, and who moves its layers. */
export interface SaveStream {
  readonly write: WriteBytes;
  readonly pool: LayerMover;
}

/** Writes a docker-archive as it is made. Throws {@link CopyError}. */
export async function sendImage(
  context: CopyContext,
  request: SaveRequest,
  { write, pool }: SaveStream,
  operation: Operation,
): Promise<void> {
  const { image, name } = request;
  const { signal } = operation;
  try {
    const destination = async (): Promise<ImageDestination> => {
      const { streamDockerArchive } = await import('../transports/docker-archive-destination.js');
      return streamDockerArchive(write, pool, signal);
    };
    const names = dockerNames(request);
    await copyOut(context, { image, destination, names, signatures: 'keep-if-possible' }, operation);
  } catch (error) {
    signal.throwIfAborted();
    throw new CopyError(`unable to save ${JSON.stringify(name)}: ${messageOf(error)}`, { cause: error });
  }
  await context.events.write({ status: 'save', id: image.id, name: image.names[0] ?? '' });
}

/** Throws {@link CopyError} for further names that are none. */
export function dockerNames({ image, name, moreTags }: SaveRequest): readonly string[] {
  const saved = saveName(image, name);
  return [...new Set([...(saved === undefined ? [] : [saved]), ...furtherNames(moreTags)])];
}

function saveForm(request: SaveRequest, { path, workPath }: MadeFile): SaveForm {
  const { image, name, format } = request;
  const saved = saveName(image, name);
  const names = saved === undefined ? [] : [saved];
  const directory = { destination: { transport: 'dir', path: workPath }, directory: workPath } as const;
  switch (format) {
    case '':
    case 'docker-archive': {
      const destination = { transport: 'docker-archive', path, image: {} } as const;
      return { destination, names: dockerNames(request) };
    }
    case 'oci-archive':
      return { destination: { transport: 'oci-archive', path, image: {} }, names };
    // Directories of either kind are those of the transport dir: clients have always been given that.
    case 'oci-dir':
      return { ...directory, names: [], manifestType: ociManifest };
    case 'docker-dir':
      return { ...directory, names: [], manifestType: dockerManifest };
    default:
      throw new CopyError(`unknown format option ${JSON.stringify(format)}`);
  }
}
