// Errors across threads: structured cloning drops the class, the code and everything else that callers act on.
import * as archive from '../archive/errors.js';
import { ArchiveSizeError } from '../build/copy/archive-source.js';
import { CopyError, SourceMissingError } from '../build/copy/copy-errors.js';
import { IgnoreError } from '../build/ignore/ignore-error.js';
import { AccountError } from '../build/root/accounts.js';
import { WorkingTreeError } from '../build/root/build-place.js';
import { NoRuntimeError, RunRequestError } from '../build/run/errors.js';
import { RegistryError } from '../registry/errors.js';
import { TarSplitError } from '../store/errors.js';
import { AbortedError } from '../sys/abort-flag.js';
import { ChildStartError } from '../sys/child.js';
import { SystemError } from '../sys/libc.js';
import { LockTimeoutError } from '../sys/lock.js';
import { MountError } from '../sys/mount.js';

/** An error as plain data. */
export interface TransferredError {
  /** The name of its class. */
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Its own public fields: `code`, `path` and the like. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly cause: TransferredError | undefined;
}

const prototypes: ReadonlyMap<string, object> = new Map(
  [
    archive.ApplyError,
    archive.CompressionError,
    archive.DigestMismatchError,
    archive.DiskFullError,
    archive.DuplicatePathError,
    archive.LayerLimitError,
    archive.PackError,
    archive.SizeMismatchError,
    archive.TarFormatError,
    archive.UnsafePathError,
    archive.UnsupportedEntryError,
    AbortedError,
    AccountError,
    ArchiveSizeError,
    ChildStartError,
    CopyError,
    IgnoreError,
    LockTimeoutError,
    MountError,
    NoRuntimeError,
    RegistryError,
    RunRequestError,
    SourceMissingError,
    SystemError,
    TarSplitError,
    WorkingTreeError,
  ].map((each) => [each.name, each.prototype as object]),
);

const plainTypes = new Set(['string', 'number', 'boolean', 'bigint']);

/** `thrown` as plain data; fields that are objects are left out. */
export function transferError(thrown: unknown): TransferredError {
  if (!(thrown instanceof Error)) {
    return { name: 'Error', message: String(thrown), stack: undefined, fields: {}, cause: undefined };
  }
  const { name, message, stack, cause } = thrown;
  const fields = Object.entries(thrown).filter(([, value]) => plainTypes.has(typeof value));
  return {
    name,
    message,
    stack,
    fields: Object.fromEntries(fields),
    cause: cause === undefined ? undefined : transferError(cause),
  };
}

/** The error again: an instance of its class if that is one this project throws while it unpacks, else of Error. */
export function reviveError({ name, message, stack, fields, cause }: TransferredError): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause: reviveError(cause) });
  Object.setPrototypeOf(error, prototypes.get(name) ?? Error.prototype);
  Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  Object.defineProperty(error, 'stack', { value: stack, configurable: true, writable: true });
  return Object.assign(error, fields);
}
