// Whether layers below have something at a path, which an opaque directory above them hides.
import { constants } from 'node:fs';
import * as files from '../sys/files.js';
import { attributesOf } from '../sys/xattr.js';
import { opaqueAttribute } from './overlay-attributes.js';

/** A whiteout, as overlay has it. */
export function isWhiteout({ mode, deviceMajor, deviceMinor }: files.FileStatus): boolean {
  return (mode & constants.S_IFMT) === constants.S_IFCHR && deviceMajor === 0 && deviceMinor === 0;
}

/** Whether `path` (latin1) is there when `lowers`, the topmost first, are seen together. Follows no links in them. */
export function isBelow(lowers: readonly string[], path: string): boolean {
  for (const lower of lowers) {
    const found = lookUp(lower, path.split('/'));
    if (found !== 'nothing') return found === 'present';
  }
  return false;
}

/** `ends`: nothing is there, and nothing further down shows through. */
function lookUp(lower: string, names: readonly string[]): 'present' | 'nothing' | 'ends' {
  let directory = files.must(files.openDirectory(lower), 'open', lower);
  let covers = false;
  try {
    for (const [index, name] of names.entries()) {
      const status = files.statusAt(directory, name);
      if (typeof status === 'number') break;
      if (isWhiteout(status)) return 'ends';
      if (index === names.length - 1) return 'present';
      if (!files.isDirectory(status.mode)) return 'ends';
      const next = files.must(files.openDirectoryAt(directory, name), 'openat', name);
      files.closeDescriptor(directory);
      directory = next;
      covers ||= attributesOf(directory).get(opaqueAttribute())?.toString('latin1') === 'y';
    }
    return covers ? 'ends' : 'nothing';
  } finally {
    files.closeDescriptor(directory);
  }
}
