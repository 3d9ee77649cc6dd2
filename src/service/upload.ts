// Upload of io.imaged
import { ConnectionClosedError, type CallContext, type RawConnection } from '../rpc/index.js';
import { readFile, TransferRefusedError, writeFrame } from '../rpc/frames.js';
import type { UploadParameters } from '../generated/io-imaged.js';
import { messageOf } from '../runtime/errors.js';
import type { Incoming } from '../runtime/files/upload.js';
import type { Runtime } from '../runtime/runtime.js';
import { handOver } from './hand-over.js';

/** What a caller may go on sending when it was told that nobody wants it: it may not have looked yet. Bytes. */
const mostIgnored = 64 * 1024 * 1024;

export async function upload(
  runtime: Runtime,
  { content }: UploadParameters,
  call: CallContext,
): Promise<{ handle: string }> {
  const incoming =
    content === 'context'
      ? await runtime.builds.receiveContext(call)
      : await runtime.files.upload(undefined, call);
  handOver(call, incoming, async (raw) => await receive(raw, incoming));
  return { handle: incoming.handle };
}

async function receive(raw: RawConnection, incoming: Incoming): Promise<void> {
  let refused = false;
  let ignored = 0;
  const refuse = async (error: unknown): Promise<void> => {
    refused = true;
    await writeFrame(raw, 'x', Buffer.from(messageOf(error)).subarray(0, mostReason));
  };
  try {
    for await (const bytes of readFile(raw)) {
      if (!refused) await incoming.write(bytes).catch(refuse);
      else ignored += bytes.length;
      if (ignored > mostIgnored) throw new ConnectionClosedError('the caller sends on what nobody wants');
    }
  } catch (error) {
    // Given up by the caller: what has come is removed, and calls go on.
    if (error instanceof TransferRefusedError) return;
    throw error;
  }
  if (!refused) await incoming.complete().catch(refuse);
  if (!refused) await writeFrame(raw, 'e');
}

/** Bytes. */
const mostReason = 4096;
