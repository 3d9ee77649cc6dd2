// COPY and ADD: what is selected goes where it belongs (build.md, COPY / ADD).
import type { AbortFlag } from '../../sys/abort-flag.js';
import { closeDescriptor, isDirectory } from '../../sys/files.js';
import { readArchive } from './archive-source.js';
import { ArchiveUnpacker } from './archive-unpacker.js';
import { CopyError } from './copy-errors.js';
import type { CopyPlace } from './copy-place.js';
import type { CopyRequest } from './copy-request.js';
import { findDestination } from './destination.js';
import { findArchives } from './find-archives.js';
import { makeDirectories } from './make-directories.js';
import { withDescriptor } from './new-entry.js';
import { Ownership } from './ownership.js';
import { type SelectedItem, selectSources } from './selection.js';
import { openItem } from './source-file.js';
import { parentOf } from './source-path.js';
import { TreeCopier } from './tree-copier.js';

/**
 * Copies into the working root, which must be mounted. `--link` changes nothing: what is below is not looked at more than it has to be
 * anyway. Throws {@link CopyError} and those of `--chown`; what was copied so far stays.
 */
export async function copySources(request: CopyRequest, place: CopyPlace): Promise<void> {
  const { root, abort } = place;
  if (root === undefined) throw new CopyError('no root to copy into');
  const selection = selectSources(request, place);
  const archives = await findArchives(selection, abort);
  const [first] = selection.items;
  const holdsArchive = first !== undefined && archives.has(first);
  const { directory, rename } = findDestination(request, selection, holdsArchive, root);
  const ownership = new Ownership(request, root);
  const top = makeDirectories(root, directory, ownership.madeOwner);
  try {
    const copier = new TreeCopier(top, ownership, abort);
    for (const item of selection.items) {
      if (item.kept !== '') copyKept(copier, item);
      else if (isDirectory(item.status.mode)) copier.copyDirectory(item, '');
      else if (!archives.has(item)) copier.copyFile(item, top, '', rename ?? item.name);
      else await unpack(item, top, ownership, abort);
    }
    copier.finish();
  } finally {
    closeDescriptor(top);
  }
}

function copyKept(copier: TreeCopier, item: SelectedItem): void {
  withDescriptor(copier.makeParents(item), (into) => {
    if (isDirectory(item.status.mode)) copier.copyDirectory(item, item.kept);
    else copier.copyFile(item, into, parentOf(item.kept), item.name);
  });
}

async function unpack(
  item: SelectedItem,
  top: number,
  ownership: Ownership,
  abort: AbortFlag,
): Promise<void> {
  const { fd } = openItem(item);
  const unpacker = new ArchiveUnpacker(top, ownership);
  try {
    await readArchive(fd, unpacker, undefined, abort);
    unpacker.finish();
  } finally {
    unpacker.close();
    closeDescriptor(fd);
  }
}
