// Extended attributes, which node:fs lacks: set by descriptor, or by name without following.
import { declare, lastErrno } from './libc.js';

const libcFsetxattr = declare(
  'int fsetxattr(int fd, const char* key, const void* value, size_t length, int flags)',
);
const libcLsetxattr = declare(
  'int lsetxattr(const void* path, const char* key, const void* value, size_t length, int flags)',
);
const libcLgetxattr = declare(
  'intptr_t lgetxattr(const void* path, const void* key, void* value, size_t length)',
);
const libcLlistxattr = declare('intptr_t llistxattr(const void* path, void* list, size_t length)');

const libcFlistxattr = declare('intptr_t flistxattr(int fd, void* list, size_t length)');
const libcFgetxattr = declare('intptr_t fgetxattr(int fd, const void* key, void* value, size_t length)');
const libcFremovexattr = declare('int fremovexattr(int fd, const void* key)');
const libcLremovexattr = declare('int lremovexattr(const void* path, const void* key)');

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
  const length: number = libcLgetxattr(terminated(path), keyBytes(key), value, value.length);
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

/** The attributes of one file, whose names are latin1. Errors are those of `-errno`. */
export interface Attributes {
  /** Sorted; none where the file system has none. */
  list(): string[];
  /** Undefined if it cannot be read. */
  get(key: string): Buffer | undefined;
  /** 0 or `-errno`. */
  remove(key: string): number;
}

/** Those of an open file. */
export function attributesOf(fd: number): Attributes {
  return {
    list: () => names(libcFlistxattr(fd, scratch, scratch.length)),
    get: (key) => copied(libcFgetxattr(fd, keyBytes(key), scratch, scratch.length)),
    remove: (key) => (libcFremovexattr(fd, keyBytes(key)) < 0 ? -lastErrno() : 0),
  };
}

/** Those of `name` (latin1) in directory `dir`, which is not followed. */
export function attributesAt(dir: number, name: string): Attributes {
  const path = pathBelow(dir, name);
  return {
    list: () => names(libcLlistxattr(path, scratch, scratch.length)),
    get: (key) => copied(libcLgetxattr(path, keyBytes(key), scratch, scratch.length)),
    remove: (key) => (libcLremovexattr(path, keyBytes(key)) < 0 ? -lastErrno() : 0),
  };
}

/** Lists and values are read into it: most files have none. */
const scratch = Buffer.alloc(VALUE_BYTES);

function keyBytes(key: string): Buffer {
  return Buffer.from(`${key}\0`, 'latin1');
}

function names(length: number): string[] {
  if (length <= 0) return [];
  return scratch
    .toString('latin1', 0, length - 1)
    .split('\0')
    .toSorted();
}

function copied(length: number): Buffer | undefined {
  return length < 0 ? undefined : Buffer.from(scratch.subarray(0, length));
}

function terminated(path: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from(path as string), Buffer.from([0])]);
}
