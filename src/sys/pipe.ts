// Pipes: node:child_process connects its children by sockets, which cannot be opened by their names in /proc.
import { declare, check } from './libc.js';

const libcPipe2 = declare('int pipe2(_Out_ int* ends, int flags)');
const O_CLOEXEC = 0o2000000;

/** Two descriptors, which go with an exec; to be closed by the caller. */
export function openPipe(): { readonly read: number; readonly write: number } {
  const ends = [0, 0];
  check(libcPipe2(ends, O_CLOEXEC), 'pipe2', '');
  return { read: ends[0] ?? -1, write: ends[1] ?? -1 };
}
