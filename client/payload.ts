// What is sent to the service: a file as it is; a pipe or a download by way of a file without a name, as its length must be known.
import { fstatSync } from 'node:fs';
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { getSystemErrorMap } from 'node:util';
import type { Context } from './context.js';
import { CommandError } from './errors.js';
import type { Payload } from './transfer.js';

/** Of a file, or of what is at an http(s) address. */
export async function payloadAt(place: string, signal: AbortSignal): Promise<Payload> {
  if (!/^https?:\/\//.test(place)) return await payloadOf(await openFile(place, place));
  const response = await fetch(place, { signal }).catch((cause: unknown) => {
    throw new CommandError(`${place}: ${(cause as Error).message}`, undefined, { cause });
  });
  if (!response.ok || response.body === null) {
    throw new CommandError(`${place}: ${response.status} ${response.statusText}`);
  }
  return await payloadFrom(Readable.fromWeb(response.body), signal);
}

/** Of the standard input. */
export async function payloadFromInput({ stdio, signal }: Context, advice: string): Promise<Payload> {
  const { input } = stdio();
  const { fd, isTTY } = input as { readonly fd?: number; readonly isTTY?: boolean };
  if (isTTY === true) throw new CommandError(`cannot read from terminal, use ${advice}`);
  if (fd !== undefined && fstatSync(fd).isFile()) {
    return await payloadOf(await openFile(`/proc/self/fd/${fd}`, 'standard input'));
  }
  return await payloadFrom(input, signal);
}

async function openFile(path: string, name: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    throw new CommandError(`open ${name}: ${systemText(error)}`, undefined, { cause: error });
  }
}

/** Of all that a stream gives, kept on the disk meanwhile. */
export async function payloadFrom(input: AsyncIterable<unknown>, signal: AbortSignal): Promise<Payload> {
  return await payloadOf(await spooled(input, signal));
}

async function payloadOf(file: FileHandle): Promise<Payload> {
  const status = await file.stat();
  if (status.isFile()) {
    return { length: status.size, file, [Symbol.asyncDispose]: () => file.close() };
  }
  await file.close();
  throw new CommandError('only regular files can be sent');
}

/** The file is gone as soon as it is closed. */
async function spooled(input: AsyncIterable<unknown>, signal: AbortSignal): Promise<FileHandle> {
  const directory = await mkdtemp(join(tmpdir(), 'imagectl-'));
  let file: FileHandle;
  try {
    file = await open(join(directory, 'spool'), 'wx+', 0o600);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      await file.writeFile(chunk);
    }
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** What the kernel says, without node's decoration. */
export function systemText(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException;
  return (errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1]) ?? message;
}
