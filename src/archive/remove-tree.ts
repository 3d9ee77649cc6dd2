// Removing what an entry replaces.
import { readdirSync } from 'node:fs';
import {
  closeDescriptor,
  EISDIR,
  EPERM,
  ENOENT,
  openDirectoryAt,
  removeDirectoryAt,
  unlinkAt,
} from '../sys/files.js';
import { demand } from './errors.js';

/** Removes `name` (latin1) in directory `dir` with all that is below it, following nothing. Missing is fine. */
export function removeTree(dir: number, name: string): void {
  const unlinked = unlinkAt(dir, name);
  if (unlinked === 0 || unlinked === -ENOENT) return;
  if (unlinked !== -EISDIR && unlinked !== -EPERM) demand(unlinked, 'unlinkat', name);
  const fd = demand(openDirectoryAt(dir, name), 'openat', name);
  try {
    for (const child of readdirSync(`/proc/self/fd/${fd}`, { encoding: 'latin1' })) removeTree(fd, child);
  } finally {
    closeDescriptor(fd);
  }
  demand(removeDirectoryAt(dir, name), 'unlinkat', name);
}
