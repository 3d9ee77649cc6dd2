// What an instruction would copy, as a digest: the peers' own, so that their images and ours are found again by each other.
import { createHash } from 'node:crypto';
import { closeDescriptor } from '../../sys/files.js';
import { digestArchive } from './archive-digest.js';
import type { CopyPlace } from './copy-place.js';
import type { CopyRequest } from './copy-request.js';
import { DigestCache } from './digest-cache.js';
import { findDestination } from './destination.js';
import { findArchives } from './find-archives.js';
import { digestItem, type DigestOptions } from './item-digest.js';
import { noNames, OwnerNames, type OwnerLookup } from './owner-names.js';
import { Ownership } from './ownership.js';
import { type SelectedItem, selectSources } from './selection.js';
import { openItem } from './source-file.js';
import { fingerprintOf } from './source-fingerprint.js';

/**
 * `file:HEX` for one file, `dir:HEX` for one directory, `multi:HEX` for several of them, `HEX` for one that was fetched. Throws
 * {@link CopyError}: sources are missing, the destination cannot be, or something changes meanwhile.
 */
export async function digestSources(request: CopyRequest, place: CopyPlace): Promise<string> {
  const selection = selectSources(request, place);
  const archives = await findArchives(selection, place.abort);
  const [first] = selection.items;
  const holdsArchive = first !== undefined && archives.has(first);
  const destination = findDestination(request, selection, holdsArchive, place.root);
  const ownership = new Ownership(request, place.root);
  const names = new Map<number, OwnerNames>();
  const namesOf = (root: number): OwnerLookup => {
    if (request.reproducible === true) return noNames;
    const known = names.get(root) ?? new OwnerNames(root);
    names.set(root, known);
    return known;
  };
  const cache = new DigestCache(place.cacheDirectory);
  const digests: string[] = [];
  for (const item of selection.items) {
    const name = destination.rename ?? item.name;
    const options = { name, ownership, names: namesOf(item.root), abort: place.abort };
    digests.push(await digestOnce(item, archives.has(item), options, cache));
  }
  const [only] = digests;
  if (only !== undefined && digests.length === 1) return only;
  return `multi:${createHash('sha256').update(digests.join(',')).digest('hex')}`;
}

async function digestOnce(
  item: SelectedItem,
  unpacked: boolean,
  options: DigestOptions,
  cache: DigestCache,
): Promise<string> {
  const fingerprint = fingerprintOf(item, unpacked, options);
  const known = cache.get(fingerprint.text);
  if (known !== undefined) return known;
  const text = unpacked ? await digestUnpacked(item, options) : digestItem(item, options);
  if (fingerprint.settled) cache.put(fingerprint.text, text);
  return text;
}

async function digestUnpacked(
  item: SelectedItem,
  { ownership, abort }: Pick<DigestOptions, 'ownership' | 'abort'>,
): Promise<string> {
  const { fd } = openItem(item);
  try {
    return `file:${await digestArchive(fd, ownership.chown, abort)}`;
  } finally {
    closeDescriptor(fd);
  }
}
