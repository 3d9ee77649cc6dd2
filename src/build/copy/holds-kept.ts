// Whether there is anything to copy in a directory that an ignore file leaves out itself.
import {
  closeDescriptor,
  DIRECTORY_FLAGS,
  isDirectory,
  openDirectoryAt,
  openInRoot,
  statusAt,
} from '../../sys/files.js';
import type { AbortFlag } from '../../sys/abort-flag.js';
import type { SourceFilter } from './source-filter.js';
import { joined, sortedNames } from './source-path.js';

/** Looks for one thing below `directory` of `root` that `filter` keeps. Paths are latin1. */
export function holdsKept(root: number, directory: string, filter: SourceFilter, abort: AbortFlag): boolean {
  return holds(openInRoot(root, directory === '' ? '.' : directory, DIRECTORY_FLAGS), directory, '');

  function holds(fd: number, path: string, below: string): boolean {
    // It disappeared.
    if (fd < 0) return false;
    try {
      return sortedNames(fd).some((name) => isOrHolds(fd, name, joined(path, name), joined(below, name)));
    } finally {
      closeDescriptor(fd);
    }
  }

  function isOrHolds(parent: number, name: string, path: string, below: string): boolean {
    abort.throwIfRaised();
    if (!filter.leavesOut(path, below)) return true;
    const status = statusAt(parent, name);
    if (typeof status === 'number' || !isDirectory(status.mode)) return false;
    return filter.mayHoldKept(path, below) && holds(openDirectoryAt(parent, name), path, below);
  }
}
