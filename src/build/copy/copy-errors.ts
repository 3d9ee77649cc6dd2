// Errors of COPY and ADD.
import { constants } from 'node:os';
import { printable } from '../../sys/files.js';
import { SystemError } from '../../sys/libc.js';

/** An instruction cannot be carried out as it is written, or not with what it finds. */
export class CopyError extends Error {
  override readonly name: string = 'CopyError';
  readonly code: string = 'COPY';
}

/** A source is missing, or all that it names is ignored. */
export class SourceMissingError extends CopyError {
  override readonly name = 'SourceMissingError';
  override readonly code = 'SOURCE_MISSING';
}

const reasons: ReadonlyMap<number, string> = new Map([
  [constants.errno.ENOSPC, 'no space left on device'],
  [constants.errno.EDQUOT, 'disk quota exceeded'],
  [constants.errno.ELOOP, 'too many levels of symbolic links'],
  [constants.errno.ENOENT, 'no such file or directory'],
  [constants.errno.ENOTDIR, 'not a directory'],
  [constants.errno.EACCES, 'permission denied'],
  [constants.errno.EPERM, 'operation not permitted'],
  [constants.errno.ENAMETOOLONG, 'file name too long'],
]);

/** Passes the result of a system call through; throws for `-errno`. `what` was tried with `path` (latin1). */
export function expected(result: number, what: string, path: string): number {
  if (result >= 0) return result;
  const cause = new SystemError(-result, what, printable(path));
  const reason = reasons.get(-result) ?? cause.code;
  throw new CopyError(`${what} ${JSON.stringify(printable(path))}: ${reason}`, { cause });
}
