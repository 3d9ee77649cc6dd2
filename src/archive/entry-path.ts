// Names in a tar as paths inside the layer.
import { NAME_BYTES, printable } from '../sys/files.js';
import { LayerLimitError, UnsafePathError } from './errors.js';

const needsCleaning = /(?:^|\/)\.{0,2}(?:\/|$)/;

/**
 * `name` (latin1) without leading and trailing slashes, empty and `.` components, and with `..` resolved by text; '' is the
 * root. Throws {@link UnsafePathError} for a name that climbs above the root or that no file can have.
 */
export function cleanPath(name: string, pathBytes: number): string {
  if (name.length > NAME_BYTES && hasLongComponent(name)) {
    throw new UnsafePathError(`a component is longer than ${NAME_BYTES} bytes`, shortened(name));
  }
  const path = needsCleaning.test(name) ? resolveComponents(name) : name;
  if (path.length > pathBytes) {
    throw new LayerLimitError(`the path is longer than ${pathBytes} bytes`, shortened(name));
  }
  return path;
}

// No regular expression: one that counts looks at each byte as often as it counts.
function hasLongComponent(name: string): boolean {
  for (let start = 0; name.length - start > NAME_BYTES;) {
    const slash = name.indexOf('/', start);
    if (slash < 0 || slash - start > NAME_BYTES) return true;
    start = slash + 1;
  }
  return false;
}

function resolveComponents(name: string): string {
  const kept: string[] = [];
  for (const component of name.split('/')) {
    if (component === '' || component === '.') continue;
    if (component !== '..') kept.push(component);
    else if (kept.pop() === undefined)
      throw new UnsafePathError('the name climbs above the root', shortened(name));
  }
  return kept.join('/');
}

/** A name for a message: as text, cut where nobody reads on. */
export function shortened(name: string): string {
  return name.length <= 200 ? printable(name) : `${printable(name.slice(0, 200))}…`;
}

/** The directory part of a cleaned path, '' for the root. */
export function parentPath(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

/** The last component of a cleaned path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
