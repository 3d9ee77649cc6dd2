// Names of images: an image has them in an order, no two images share one, and the history forgets none.
import type { Catalog } from './catalog.js';
import type { Draft } from './draft.js';
import { ImageUnknownError, ReadOnlyImageError } from './errors.js';
import { recordWithout, renamedRecord, type StoredImage } from './image-record.js';
import type { Place } from './place.js';
import type { Decode, Records, StoredRecord } from './record-file.js';

/** The records after image `id` got exactly these names; other images lose those they had of them. */
export function assignNames(
  records: Records<StoredImage>,
  id: string,
  names: readonly string[],
  decode: Decode<StoredImage>,
): Records<StoredImage> {
  const taken = new Set(names);
  return records.map((record) =>
    record.value.id === id ? renamedRecord(record, names, decode) : recordWithout(record, taken, decode),
  );
}

/**
 * Gives an image the names that `choose` makes of those it has; nothing is written if they are the same. Throws
 * {@link ImageUnknownError}, {@link ReadOnlyImageError}.
 */
export async function updateNames(
  catalog: Catalog,
  own: Place,
  id: string,
  choose: (names: readonly string[]) => readonly string[],
  signal?: AbortSignal,
): Promise<StoredImage> {
  return await catalog.update(
    { images: 'write' },
    async (draft) => {
      const { value } = writableImage(draft, id);
      const names = choose(value.names);
      if (names.length === value.names.length && names.every((name, index) => name === value.names[index]))
        return value;
      await draft.saveImages(assignNames(draft.own.images, id, names, own.decodeImage));
      return draft.view.imageById(id) as StoredImage;
    },
    signal,
  );
}

/** The record of an image of the store's own; throws {@link ImageUnknownError}, {@link ReadOnlyImageError}. */
export function writableImage(draft: Draft, id: string): StoredRecord<StoredImage> {
  const record = draft.own.images.find(({ value }) => value.id === id);
  if (record !== undefined) return record;
  const foreign = draft.view.imageById(id);
  throw foreign === undefined ? new ImageUnknownError(id) : new ReadOnlyImageError(id, foreign.root);
}
