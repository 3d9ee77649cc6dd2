// Files to the service and back, over the connection on which the next call follows.
import { IoImagedClient, type DownloadParameters } from '../src/generated/io-imaged.js';
import { IoPodmanClient } from '../src/generated/io-podman.js';
import { frameText, readFile, readFrame, writeFrame } from '../src/rpc/frames.js';
import type { RawConnection, Transport } from '../src/rpc/index.js';
import { CommandError } from './errors.js';

/** What is sent. Disposing ends the reading, also while somebody waits for it. */
export interface Payload extends AsyncDisposable {
  /** Bytes; undefined where nobody knows before the end. It can be read once only then. */
  readonly length: number | undefined;
  /** Its first bytes, if it has as many; they stay to be read. */
  start(count: number): Promise<Buffer>;
  /** From the beginning to the end. */
  bytes(): AsyncIterable<Uint8Array>;
}

/** Sends all of an archive; returns the handle by which the next call names it. */
export async function sendArchive(connection: Transport, payload: Payload): Promise<string> {
  const { length } = payload;
  // Of known length it can be sent to services that have only what there was in 2020.
  return length === undefined
    ? await upload(connection, 'archive', payload)
    : await sendFile(new IoPodmanClient(connection), payload, length);
}

/** Sends the tar of a build's files, which the service unpacks as it comes; returns the handle for the build. */
export async function sendContext(connection: Transport, payload: Payload): Promise<string> {
  return await upload(connection, 'context', payload);
}

async function sendFile(client: IoPodmanClient, payload: Payload, length: number): Promise<string> {
  const { reply, raw, release } = await client.sendFileUpgrade({ type: '', length });
  for await (const bytes of payload.bytes()) await raw.write(bytes);
  const acknowledgement = `${reply.fileHandle}:`;
  let answer = '';
  for await (const bytes of raw.read(Buffer.byteLength(acknowledgement))) answer += bytes.toString();
  if (answer !== acknowledgement) throw new CommandError('the service has not taken the file');
  release();
  return reply.fileHandle;
}

/** What fails on this side ends the connection with the command: the service then forgets what it has of the file. */
async function upload(
  connection: Transport,
  content: 'archive' | 'context',
  payload: Payload,
): Promise<string> {
  const { reply, raw, release } = await new IoImagedClient(connection).uploadUpgrade({ content });
  let refusal: string | undefined;
  let ended = false;
  const listen = async (): Promise<void> => {
    try {
      refusal = await refusalOf(raw);
    } catch (error) {
      ended = true;
      throw error;
    } finally {
      // Its next piece may be a long time coming, and nobody waits for it any more.
      if (ended || refusal !== undefined) await payload[Symbol.asyncDispose]();
    }
  };
  const answered = listen();
  answered.catch(() => undefined);
  try {
    for await (const bytes of payload.bytes()) {
      if (ended || refusal !== undefined) break;
      await writeFrame(raw, 'd', bytes);
    }
  } catch (error) {
    if (!ended && refusal === undefined) throw error;
  }
  if (ended) await answered;
  await writeFrame(raw, refusal === undefined ? 'e' : 'x');
  await answered;
  if (refusal !== undefined) throw new CommandError(refusal);
  release();
  return reply.handle;
}

/** Why the service does not want it; undefined once it has all of it. */
async function refusalOf(raw: RawConnection): Promise<string | undefined> {
  const frame = await readFrame(raw);
  if (frame.kind === 'e') return undefined;
  if (frame.kind !== 'x') throw new CommandError('the service has not taken the file');
  return await frameText(raw, frame);
}

/** The bytes of an archive that the service makes meanwhile. To be iterated to the end. */
export async function* downloadArchive(
  connection: Transport,
  request: DownloadParameters,
  onLine: (line: string) => void,
): AsyncGenerator<Buffer, void, void> {
  const { raw, release } = await new IoImagedClient(connection).downloadUpgrade(request);
  yield* readFile(raw, onLine);
  release();
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
