// COPY and ADD: what is selected goes where it belongs (build.md, COPY / ADD).
import { isDirectory } from '../../sys/files.js';
import { CopyError } from './copy-errors.js';
import type { CopyPlace } from './copy-place.js';
import type { CopyRequest } from './copy-request.js';
import { findDestination } from './destination.js';
import { makeDirectories } from './make-directories.js';
import { withDescriptor } from './new-entry.js';
import { Ownership } from './ownership.js';
import { selectSources } from './selection.js';
import { TreeCopier } from './tree-copier.js';

/**
 * Copies into the working root, which must be mounted. `--link` changes nothing: what is below is not looked at more than it has to be
 * anyway. Throws {@link CopyError} and those of `--chown`; what was copied so far stays.
 */
export async function copySources(request: CopyRequest, place: CopyPlace): Promise<void> {
  const { root, abort } = place;
  if (root === undefined) throw new CopyError('no root to copy into');
  const selection = selectSources(request, place);
  const destination = findDestination(request, selection, false, root);
  const ownership = new Ownership(request, root);
  withDescriptor(makeDirectories(root, destination.directory, ownership.madeOwner), (top) => {
    const copier = new TreeCopier(top, ownership, abort);
    for (const item of selection.items) {
      if (isDirectory(item.status.mode)) copier.copyDirectory(item, '');
      else copier.copyFile(item, top, '', destination.rename ?? item.name);
    }
  });
}
