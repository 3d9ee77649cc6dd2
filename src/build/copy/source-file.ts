// Single files of a source: opened without being followed, and looked at when they are open.
import { constants } from 'node:fs';
import { closeDescriptor, type FileStatus, openFileAt, openInRoot, statusAt } from '../../sys/files.js';
import { attributesOf } from '../../sys/xattr.js';
import { expected } from './copy-errors.js';
import type { SelectedItem } from './selection.js';
import { changed } from './walk-tree.js';

const { S_IFMT } = constants;

export interface OpenSource {
  readonly fd: number;
  readonly status: FileStatus;
}

/** Opens what an item names, which is a regular file or a directory. */
export function openItem(item: SelectedItem): OpenSource {
  const fd = expected(openInRoot(item.root, item.target === '' ? '.' : item.target), 'open', item.target);
  return sameKind(fd, item.status, item.target);
}

/** Opens a regular file in a directory; `path` is for messages. */
export function openEntry(parent: number, name: string, seen: FileStatus, path: string): OpenSource {
  return sameKind(expected(openFileAt(parent, name), 'open', path), seen, path);
}

/** A pipe or a device may have been put in the place of what was looked at: that would be read for ever. */
function sameKind(fd: number, seen: FileStatus, path: string): OpenSource {
  const status = statusAt(fd, '');
  if (typeof status !== 'number' && (status.mode & S_IFMT) === (seen.mode & S_IFMT)) return { fd, status };
  closeDescriptor(fd);
  throw changed(path);
}

/** The extended attributes that are copied, of an open file; keys are latin1. */
export function keptAttributes(fd: number): ReadonlyMap<string, Buffer> {
  const attributes = attributesOf(fd);
  const kept = new Map<string, Buffer>();
  for (const key of attributes.list()) {
    const value = isKept(key) ? attributes.get(key) : undefined;
    if (value !== undefined) kept.set(key, value);
  }
  return kept;
}

/** Whether an attribute is copied; others are the host's own. */
export function isKept(key: string): boolean {
  return key === 'security.capability' || (key.startsWith('user.') && !key.includes('/'));
}
