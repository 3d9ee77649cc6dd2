// The data items of images: the names of their files, the items every image has, reading and writing.
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { digestHex, type Digest } from '../oci/digest.js';
import { ImageDataError } from './errors.js';
import type { Graveyard } from './graveyard.js';
import type { ImageDataItem, StoredImage } from './image-record.js';
import type { Place } from './place.js';

/** The file an item is kept in: the key itself where that is plain, else base64. */
export function dataFileName(key: string): string {
  return /^[.0-9a-z]+$/.test(key) ? key : `=${Buffer.from(key).toString('base64')}`;
}

/** A document and its digest. */
export interface Document {
  readonly digest: Digest;
  readonly bytes: Buffer;
}

/** The items of an image, as every program that reads the store expects them. */
export function imageData(documents: {
  readonly config: Document;
  readonly manifest: Document;
  /** The index or manifest list it was pulled through. */
  readonly index?: Document | undefined;
  /** Of the manifest, one behind the other; the metadata has their sizes. */
  readonly signatures?: Buffer | undefined;
}): ImageDataItem[] {
  const { config, manifest, index, signatures = Buffer.alloc(0) } = documents;
  return [
    { key: config.digest, bytes: config.bytes },
    ...(index === undefined
      ? []
      : [{ key: `manifest-${index.digest}`, bytes: index.bytes, digest: index.digest }]),
    { key: `manifest-${manifest.digest}`, bytes: manifest.bytes },
    { key: 'manifest', bytes: manifest.bytes },
    // Programs of before there were several manifests know no other place; empty ones are left out.
    ...(signatures.length > 0 ? [{ key: 'signatures', bytes: signatures }] : []),
    { key: `signature-${digestHex(manifest.digest)}`, bytes: signatures },
  ];
}

/** Reads an item; throws {@link ImageDataError}. */
export async function readImageData(place: Place, image: StoredImage, key: string): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = await readFile(join(place.imagesDirectory, image.id, dataFileName(key)));
  } catch (error) {
    throw new ImageDataError(image.id, key, (error as Error).message, { cause: error });
  }
  const size = image.bigDataSizes.get(key);
  if (size !== undefined && size !== bytes.length) {
    throw new ImageDataError(image.id, key, `has ${bytes.length} bytes instead of ${size}`);
  }
  return bytes;
}

/** Writes items into a new directory, so that they have reached the disk. */
export async function writeImageData(directory: string, items: readonly ImageDataItem[]): Promise<void> {
  await mkdir(directory, { mode: 0o700 });
  await Promise.all(
    items.map(async ({ key, bytes }) => {
      const file = await open(join(directory, dataFileName(key)), 'wx', 0o600);
      try {
        await file.writeFile(bytes);
        await file.chmod(0o600);
        await file.datasync();
      } finally {
        await file.close();
      }
    }),
  );
}

/** Moves items that were written to `directory` to their image, over those it has. The caller holds the images lock. */
export async function installImageData(
  place: Place,
  id: string,
  directory: string,
  items: readonly ImageDataItem[],
): Promise<void> {
  const target = join(place.imagesDirectory, id);
  try {
    await rename(directory, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    const names = items.map(({ key }) => dataFileName(key));
    await Promise.all(names.map((name) => rename(join(directory, name), join(target, name))));
  }
}

/** Moves all data of an image to `graveyard`, which has to be open. */
export function removeImageData(place: Place, id: string, graveyard: Graveyard): void {
  graveyard.bury(join(place.imagesDirectory, id));
}
