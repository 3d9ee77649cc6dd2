// The two streams that a bridge stands at, as bytes.
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

export interface Stdio {
  readonly input: Readable;
  readonly output: Writable;
}

/** Writes bytes. Resolves when the stream can take more; rejects when `signal` is aborted before. */
export async function write(output: Writable, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  if (!output.write(bytes)) await once(output, 'drain', { signal });
}
