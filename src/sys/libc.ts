// The C library, the project's only native code: how functions are declared and how their errors are thrown.
import { constants } from 'node:os';
import koffi from 'koffi';

/** `async` takes a callback behind the arguments, and runs on a thread of Node's pool. */
// oxlint-disable-next-line typescript/no-explicit-any -- the prototype is the type
export type NativeFunction = ((...args: any[]) => any) & { readonly async: (...args: any[]) => void };
/** Makes functions of one library by their C prototypes, `int fsync(int fd)`. */
export type Declare = (prototype: string) => NativeFunction;

const program = koffi.load(null);

/**
 * A function of the C library, or of what else Node is made of; throws if there is none of that name. A call costs about
 * 100 ns over the system call.
 */
export function declare(prototype: string): NativeFunction {
  return program.func(prototype);
}

/** What makes functions of a library, by its file name; undefined if it is not installed. */
export function optionalLibrary(name: string): Declare | undefined {
  try {
    const library = koffi.load(name);
    return (prototype) => library.func(prototype);
  } catch {
    return undefined;
  }
}

/** Where the content of a buffer lies. Whoever uses the number has to hold on to the buffer meanwhile. */
export function addressOf(bytes: Uint8Array): bigint {
  return koffi.address(bytes);
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
