// How the C library keeps freed memory: by itself it keeps the buffers that layers went through, for good.
import { declare } from './libc.js';

const mMmapThreshold = -3;

/**
 * Gives blocks of `bytes` and more back to the kernel as soon as they are freed. A fixed threshold, since the library
 * raises its own to the size of the first such block that is freed. Does nothing where the library has no such switch.
 */
export function returnBlocksFrom(bytes: number): void {
  let mallopt: (parameter: number, value: number) => number;
  try {
    mallopt = declare('int mallopt(int parameter, int value)');
  } catch {
    return;
  }
  mallopt(mMmapThreshold, bytes);
}
