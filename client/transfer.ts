// Files to the service and back, over the connection on which the next call follows.
import type { FileHandle } from 'node:fs/promises';
import type { IoPodmanClient } from '../src/generated/io-podman.js';
import { CommandError } from './errors.js';

/** Sent in pieces of this size. Bytes. */
const chunkSize = 256 * 1024;

/** A file of known length. */
export interface Payload extends AsyncDisposable {
  /** Bytes. */
  readonly length: number;
  readonly file: FileHandle;
}

/** Sends all of it; returns the handle by which the next call names it. */
export async function sendFile(client: IoPodmanClient, { length, file }: Payload): Promise<string> {
  const { reply, raw, release } = await client.sendFileUpgrade({ type: '', length });
  for (let position = 0; position < length;) {
    const chunk = Buffer.allocUnsafeSlow(Math.min(chunkSize, length - position));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) throw new CommandError('the file has become shorter while it was sent');
    await raw.write(chunk.subarray(0, bytesRead));
    position += bytesRead;
  }
  const acknowledgement = `${reply.fileHandle}:`;
  let answer = '';
  for await (const bytes of raw.read(Buffer.byteLength(acknowledgement))) answer += bytes.toString();
  if (answer !== acknowledgement) throw new CommandError('the service has not taken the file');
  release();
  return reply.fileHandle;
}

/** The bytes of the file behind a handle, which the service removes. To be iterated to the end. */
export async function* receiveFile(
  client: IoPodmanClient,
  handle: string,
): AsyncGenerator<Buffer, void, void> {
  const { reply, raw, release } = await client.receiveFileUpgrade({ path: handle, delete: true });
  let left = reply.len;
  for await (const bytes of raw.read(reply.len)) {
    left -= bytes.length;
    yield bytes;
  }
  if (left > 0) throw new CommandError('the service ended before the file was whole');
  release();
}
