// Which of the files that were selected are unpacked.
import { constants } from 'node:fs';
import { closeDescriptor } from '../../sys/files.js';
import type { AbortFlag } from '../../sys/abort-flag.js';
import { isArchive } from './archive-source.js';
import type { CopyRequest } from './copy-request.js';
import type { SelectedItem, Selection } from './selection.js';
import { openItem } from './source-file.js';

const { S_IFMT, S_IFREG } = constants;

/** None unless the instruction unpacks. What was fetched is only unpacked where a flag says so, which `unpack` does then. */
export async function findArchives(
  request: CopyRequest,
  { items }: Selection,
  abort: AbortFlag,
): Promise<ReadonlySet<SelectedItem>> {
  const archives = new Set<SelectedItem>();
  for (const item of request.unpack ? items : []) {
    if ((item.status.mode & S_IFMT) !== S_IFREG) continue;
    const { fd } = openItem(item);
    try {
      if (await isArchive(fd, abort)) archives.add(item);
    } finally {
      closeDescriptor(fd);
    }
  }
  return archives;
}
