// What an instruction would copy, as a digest: the peers' own, so that their images and ours are found again by each other.
import { createHash } from 'node:crypto';
import type { CopyPlace } from './copy-place.js';
import type { CopyRequest } from './copy-request.js';
import { findDestination } from './destination.js';
import { digestItem } from './item-digest.js';
import { OwnerNames } from './owner-names.js';
import { Ownership } from './ownership.js';
import { selectSources } from './selection.js';

/**
 * `file:HEX` for one file, `dir:HEX` for one directory, `multi:HEX` for several of them, `HEX` for one that was fetched. Throws
 * {@link CopyError}: sources are missing, the destination cannot be, or something changes meanwhile.
 */
export async function digestSources(request: CopyRequest, place: CopyPlace): Promise<string> {
  const selection = selectSources(request, place);
  const destination = findDestination(request, selection, false, place.root);
  const ownership = new Ownership(request, place.root);
  const names = new Map<number, OwnerNames>();
  const namesOf = (root: number): OwnerNames => {
    const known = names.get(root) ?? new OwnerNames(root);
    names.set(root, known);
    return known;
  };
  const digests = selection.items.map((item) =>
    digestItem(item, {
      name: destination.rename ?? item.name,
      ownership,
      names: namesOf(item.root),
      abort: place.abort,
    }),
  );
  const [first] = digests;
  if (first !== undefined && digests.length === 1) return first;
  return `multi:${createHash('sha256').update(digests.join(',')).digest('hex')}`;
}
