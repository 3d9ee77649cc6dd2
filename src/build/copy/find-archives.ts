// Which of the files that were selected are unpacked.
import { constants } from 'node:fs';
import { closeDescriptor } from '../../sys/files.js';
import type { AbortFlag } from '../../sys/abort-flag.js';
import { isArchive } from './archive-source.js';
import type { SelectedItem, Selection } from './selection.js';
import { openItem } from './source-file.js';

const { S_IFMT, S_IFREG } = constants;

/** Those that are archives where the instruction unpacks such. */
export async function findArchives(
  { items }: Selection,
  abort: AbortFlag,
): Promise<ReadonlySet<SelectedItem>> {
  const archives = new Set<SelectedItem>();
  for (const item of items) {
    if (!item.unpack || (item.status.mode & S_IFMT) !== S_IFREG) continue;
    const { fd } = openItem(item);
    try {
      if (await isArchive(fd, abort)) archives.add(item);
    } finally {
      closeDescriptor(fd);
    }
  }
  return archives;
}
