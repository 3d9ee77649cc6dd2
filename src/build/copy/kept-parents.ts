// The directories that `--parents` keeps of the path to an item.
import { constants } from 'node:fs';
import { closeDescriptor, type FileStatus, isDirectory, openInRoot, statusAt } from '../../sys/files.js';
import { expected } from './copy-errors.js';
import type { SelectedItem } from './selection.js';
import { keptAttributes } from './source-file.js';
import { parentOf } from './source-path.js';

const { O_DIRECTORY, O_RDONLY } = constants;

export interface KeptParent {
  /** Relative to the destination. */
  readonly path: string;
  readonly status: FileStatus;
  readonly attributes: ReadonlyMap<string, Buffer>;
}

/** From the outermost on; a directory that is copied is the last of them. None without `--parents`. */
export function keptParents(item: SelectedItem): readonly KeptParent[] {
  const last = isDirectory(item.status.mode) ? item.kept : parentOf(item.kept);
  const names = last === '' ? [] : last.split('/');
  return names.map((_, index) => {
    const path = names.slice(0, index + 1).join('/');
    const front = item.path.slice(0, item.path.length - item.kept.length);
    return look(item, front + path, path);
  });
}

function look(item: SelectedItem, source: string, path: string): KeptParent {
  // Through links, as the path to the item went.
  const fd = expected(openInRoot(item.root, source, O_RDONLY | O_DIRECTORY), 'open', source);
  try {
    const status = statusAt(fd, '');
    return {
      path,
      status: typeof status === 'number' ? item.status : status,
      attributes: keptAttributes(fd),
    };
  } finally {
    closeDescriptor(fd);
  }
}
