// Names of images: an image has them in an order, no two images share one, and the history forgets none.
import { makeChange, type ChangeContext, type Plan } from './change.js';
import { ownImage, type State } from './draft.js';
import { ImageChangedError, ImageUnknownError, ReadOnlyImageError } from './errors.js';
import { recordWithout, renamedRecord, type StoredImage } from './image-record.js';
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
 * Gives an image the names that `choose` makes of those it has; nothing is locked or written if they are the same. Throws
 * {@link ImageUnknownError}, {@link ReadOnlyImageError}, and whatever `choose` throws.
 */
export async function updateNames(
  context: ChangeContext,
  id: string,
  choose: (image: StoredImage) => readonly string[],
  signal?: AbortSignal,
): Promise<StoredImage> {
  const { value: present } = writableImage(await context.catalog.present(signal), id);
  if (sameNames(choose(present), present.names)) return present;
  return await makeChange<Plan, StoredImage>(
    context,
    {
      locks: { images: 'write' },
      plan(state) {
        const { value } = writableImage(state, id);
        const names = choose(value);
        if (sameNames(names, value.names)) return { records: {} };
        return { records: { images: assignNames(state.own.images, id, names, context.own.decodeImage) } };
      },
      async carryOut(_plan, save, draft) {
        await save('images');
        return ownImage(draft, id) as StoredImage;
      },
    },
    signal,
  );
}

/** Throws {@link ImageChangedError} unless the image has just the names it was `seen` with; any will do if that is absent. */
export function refuseChanged(image: StoredImage, seen: readonly string[] | undefined): void {
  if (seen !== undefined && !sameNames(seen, image.names)) throw new ImageChangedError(image.id);
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}

/** The record of an image of the store's own; throws {@link ImageUnknownError}, {@link ReadOnlyImageError}. */
export function writableImage({ own, view }: State, id: string): StoredRecord<StoredImage> {
  const record = own.images.find(({ value }) => value.id === id);
  if (record !== undefined) return record;
  const foreign = view.imageById(id);
  throw foreign === undefined ? new ImageUnknownError(id) : new ReadOnlyImageError(id, foreign.root);
}
