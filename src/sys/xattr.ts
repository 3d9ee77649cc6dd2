// Extended attributes, which node:fs lacks: set by descriptor, or by name without following.
import { declare, lastErrno } from './libc.js';

const libcFsetxattr = declare(
  'int fsetxattr(int fd, const char* key, const void* value, size_t length, int flags)',
);
const libcLsetxattr = declare(
  'int lsetxattr(const void* path, const char* key, const void* value, size_t length, int flags)',
);
const libcLgetxattr = declare(
  'intptr_t lgetxattr(const void* path, const char* key, void* value, size_t length)',
);
const libcLlistxattr = declare('intptr_t llistxattr(const void* path, void* list, size_t length)');

/** Linux allows no longer value. */
const VALUE_BYTES = 65536;

// The kernel has no fsetxattrat before 6.13; a name below a descriptor is reached through the process's own links.
function pathBelow(dir: number, name: string): Buffer {
  return Buffer.from(`/proc/self/fd/${dir}/${name}\0`, 'latin1');
}

/** Sets an attribute of an open file; 0 or `-errno`. */
export function setAttribute(fd: number, key: string, value: Buffer): number {
  return libcFsetxattr(fd, key, value, value.length, 0) < 0 ? -lastErrno() : 0;
}

/** Sets an attribute of `name` (latin1) in directory `dir`, which is not followed; 0 or `-errno`. */
export function setAttributeAt(dir: number, name: string, key: string, value: Buffer): number {
  return libcLsetxattr(pathBelow(dir, name), key, value, value.length, 0) < 0 ? -lastErrno() : 0;
}

/** The value of an attribute; undefined if it cannot be read. Does not follow. */
export function getAttribute(path: string | Buffer, key: string): Buffer | undefined {
  const value = Buffer.alloc(VALUE_BYTES);
  const length: number = libcLgetxattr(terminated(path), key, value, value.length);
  return length < 0 ? undefined : value.subarray(0, length);
}

/** The names of all attributes, sorted; none where the file system has none. Does not follow. */
export function listAttributes(path: string | Buffer): string[] {
  const list = Buffer.alloc(VALUE_BYTES);
  const length: number = libcLlistxattr(terminated(path), list, list.length);
  if (length <= 0) return [];
  return list
    .toString('utf8', 0, length - 1)
    .split('\0')
    .toSorted();
}

function terminated(path: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from(path as string), Buffer.from([0])]);
}
