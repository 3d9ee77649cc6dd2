// What can be wrong with a layer, one class per thing a caller can act on; all of them cross a thread boundary.
import { constants } from 'node:os';
import type { Digest } from '../oci/digest.js';
import { printable } from '../sys/files.js';
import { SystemError } from '../sys/libc.js';

/** Any fault of a layer or of unpacking it. `path` is the entry it was found at, as text, if there was one. */
export abstract class LayerError extends Error {
  abstract readonly code: string;
  readonly path: string | undefined;
  constructor(message: string, path?: string, options?: ErrorOptions) {
    super(path === undefined ? message : `${JSON.stringify(path)}: ${message}`, options);
    this.path = path;
  }
}

/** The bytes are not a tar, or the tar ends too early. */
export class TarFormatError extends LayerError {
  override readonly name = 'TarFormatError';
  override readonly code = 'TAR_FORMAT';
}

/** The compressed stream is damaged, ends too early, or needs a program that is not installed. */
export class CompressionError extends LayerError {
  override readonly name = 'CompressionError';
  override readonly code = 'COMPRESSION';
}

/** A name that leads out of the layer, or that no file can have. */
export class UnsafePathError extends LayerError {
  override readonly name = 'UnsafePathError';
  override readonly code = 'UNSAFE_PATH';
}

/** Two entries with one cleaned path: such a tar cannot be put together again from its files. */
export class DuplicatePathError extends LayerError {
  override readonly name = 'DuplicatePathError';
  override readonly code = 'DUPLICATE_PATH';
}

/** A kind of entry that is not unpacked: sparse files, sockets, whiteout devices, unknown types. */
export class UnsupportedEntryError extends LayerError {
  override readonly name = 'UnsupportedEntryError';
  override readonly code = 'UNSUPPORTED_ENTRY';
}

/** One of the limits that bound what a layer may cost. */
export class LayerLimitError extends LayerError {
  override readonly name = 'LayerLimitError';
  override readonly code = 'LAYER_LIMIT';
}

/** The blob, or what it unzips to, has another digest than was promised. */
export class DigestMismatchError extends LayerError {
  override readonly name = 'DigestMismatchError';
  override readonly code = 'DIGEST_MISMATCH';
  readonly expected: Digest;
  readonly actual: Digest;
  constructor(expected: Digest, actual: Digest) {
    super(`Digest did not match, expected ${expected}, got ${actual}`);
    this.expected = expected;
    this.actual = actual;
  }
}

/** The blob is shorter or longer than its descriptor says. */
export class SizeMismatchError extends LayerError {
  override readonly name = 'SizeMismatchError';
  override readonly code = 'SIZE_MISMATCH';
  /** Bytes. */
  readonly expected: number;
  /** Bytes, when the stream ended or at the first chunk that was too much. */
  readonly actual: number;
  constructor(expected: number, actual: number) {
    super(`Size did not match, expected ${expected} bytes, got ${actual}`);
    this.expected = expected;
    this.actual = actual;
  }
}

/** No space, no inodes or no quota left where the layer is written. */
export class DiskFullError extends LayerError {
  override readonly name = 'DiskFullError';
  override readonly code = 'DISK_FULL';
}

/** A system call failed while unpacking or packing. */
export class ApplyError extends LayerError {
  override readonly name = 'ApplyError';
  override readonly code = 'APPLY';
  /** A number of `os.constants.errno`. */
  readonly errno: number;
  constructor(message: string, path: string, errno: number) {
    super(message, path);
    this.errno = errno;
  }
}

/** Something in a directory that no tar can say, or that changed while it was packed. */
export class PackError extends LayerError {
  override readonly name = 'PackError';
  override readonly code = 'PACK';
}

/** Passes the result of a function of sys/files through; throws for one that is `-errno`. */
export function demand(result: number, syscall: string, path: string): number {
  if (result >= 0) return result;
  const errno = -result;
  const cause = new SystemError(errno, syscall, printable(path));
  if (errno === constants.errno.ENOSPC || errno === constants.errno.EDQUOT) {
    throw new DiskFullError(`no space left on device (${syscall})`, printable(path), { cause });
  }
  throw new ApplyError(`${syscall}: ${cause.code}`, printable(path), errno);
}

/** Throws {@link DigestMismatchError} unless both are the same. */
export function demandDigest(expected: Digest, actual: Digest): void {
  if (actual !== expected) throw new DigestMismatchError(expected, actual);
}
