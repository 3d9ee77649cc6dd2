// What is sent to the service: a file, or what comes through a pipe or from an address, piece by piece and without a copy.
import { fstatSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { getSystemErrorMap } from 'node:util';
import type { Context } from './context.js';
import { CommandError } from './errors.js';
import type { Payload } from './transfer.js';

/** Files are read in pieces of this size. Bytes. */
const chunkSize = 256 * 1024;

/** Of a file, or of what is at an http(s) address. */
export async function payloadAt(place: string, signal: AbortSignal): Promise<Payload> {
  if (!/^https?:\/\//.test(place)) return await payloadOf(await openFile(place, place));
  const response = await fetch(place, { signal }).catch((cause: unknown) => {
    throw new CommandError(`${place}: ${(cause as Error).message}`, undefined, { cause });
  });
  if (!response.ok || response.body === null) {
    throw new CommandError(`${place}: ${response.status} ${response.statusText}`);
  }
  return payloadFrom(Readable.fromWeb(response.body), signal);
}

/** Of the standard input. */
export async function payloadFromInput({ stdio, signal }: Context, advice: string): Promise<Payload> {
  const { input } = stdio();
  const { fd, isTTY } = input as { readonly fd?: number; readonly isTTY?: boolean };
  if (isTTY === true) throw new CommandError(`cannot read from terminal, use ${advice}`);
  if (fd !== undefined && fstatSync(fd).isFile()) {
    return await payloadOf(await openFile(`/proc/self/fd/${fd}`, 'standard input'));
  }
  return payloadFrom(input, signal);
}

async function openFile(path: string, name: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    throw new CommandError(`open ${name}: ${systemText(error)}`, undefined, { cause: error });
  }
}

async function payloadOf(file: FileHandle): Promise<Payload> {
  const status = await file.stat();
  if (status.isFile()) return new FilePayload(file, status.size);
  await file.close();
  throw new CommandError('only regular files can be sent');
}

class FilePayload implements Payload {
  readonly length: number;
  readonly #file: FileHandle;

  constructor(file: FileHandle, length: number) {
    this.#file = file;
    this.length = length;
  }

  async start(count: number): Promise<Buffer> {
    const start = Buffer.alloc(count);
    const { bytesRead } = await this.#file.read(start, 0, count, 0);
    return start.subarray(0, bytesRead);
  }

  async *bytes(): AsyncGenerator<Uint8Array, void, void> {
    for (let position = 0; position < this.length;) {
      const chunk = Buffer.allocUnsafeSlow(Math.min(chunkSize, this.length - position));
      const { bytesRead } = await this.#file.read(chunk, 0, chunk.length, position);
      if (bytesRead === 0) throw new CommandError('the file has become shorter while it was sent');
      yield chunk.subarray(0, bytesRead);
      position += bytesRead;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

/** Of all that a stream gives. */
export function payloadFrom(input: Readable, signal: AbortSignal): Payload {
  return new StreamPayload(input, signal);
}

class StreamPayload implements Payload {
  readonly length = undefined;
  readonly #input: Readable;
  readonly #signal: AbortSignal;
  readonly #pieces: AsyncIterator<Buffer>;
  /** Looked at and not sent. */
  #start = Buffer.alloc(0);

  constructor(input: Readable, signal: AbortSignal) {
    this.#input = input;
    this.#signal = signal;
    this.#pieces = (input as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    signal.addEventListener('abort', this.#end, { once: true });
    // It is told to who reads.
    input.on('error', () => undefined);
  }

  async start(count: number): Promise<Buffer> {
    while (this.#start.length < count) {
      const { value, done } = await this.#pieces.next();
      if (done === true) break;
      this.#start = Buffer.concat([this.#start, value]);
    }
    return this.#start.subarray(0, count);
  }

  async *bytes(): AsyncGenerator<Uint8Array, void, void> {
    const start = this.#start;
    this.#start = Buffer.alloc(0);
    if (start.length > 0) yield start;
    for (;;) {
      const { value, done } = await this.#pieces.next();
      this.#signal.throwIfAborted();
      if (done === true) return;
      yield value;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal.removeEventListener('abort', this.#end);
    this.#end();
  }

  readonly #end = (): void => {
    this.#input.destroy(new CommandError('the reading was given up'));
  };
}

/** What the kernel says, without node's decoration. */
export function systemText(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException;
  return (errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1]) ?? message;
}
