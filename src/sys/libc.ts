// The C library, the project's only native code: how functions are declared and how their errors are thrown.
import { constants } from 'node:os';
import koffi from 'koffi';

const library = koffi.load(null);

/** A function of the C library by its C prototype, `int fsync(int fd)`. A call costs about 100 ns over the system call. */
// oxlint-disable-next-line typescript/no-explicit-any -- the prototype is the type
export function declare(prototype: string): (...args: any[]) => any {
  return library.func(prototype);
}

const errnoNames: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([name, number]) => [number, name]),
);

/** A failed system call, shaped like the errors of node:fs: `code` is the errno's name. */
export class SystemError extends Error {
  override readonly name = 'SystemError';
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
  readonly path: string;
  constructor(errno: number, syscall: string, path: string) {
    const code = errnoNames.get(errno) ?? `E${errno}`;
    super(`${code}: ${syscall} '${path}'`);
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
    this.path = path;
  }
}

/** The errno of the last native call of this thread; valid until the next one. */
export function lastErrno(): number {
  return koffi.errno();
}

/** Passes a native call's result through, or throws {@link SystemError} when it is negative. */
export function check(result: number, syscall: string, path: string | Buffer): number {
  if (result >= 0) return result;
  throw new SystemError(koffi.errno(), syscall, path.toString());
}
