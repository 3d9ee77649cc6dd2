// Download of io.imaged
import { writeFrame, type FrameKind } from '../rpc/frames.js';
import { ConnectionClosedError, type CallContext, type RawConnection } from '../rpc/index.js';
import type { DownloadParameters } from '../generated/io-imaged.js';
import { messageOf } from '../runtime/errors.js';
import { dockerNames } from '../runtime/copy/save.js';
import type { Runtime } from '../runtime/runtime.js';
import { handOver } from './hand-over.js';
import { imageToSave } from './image-save.js';

export async function download(
  runtime: Runtime,
  { name, format = 'docker', names: moreTags = [] }: DownloadParameters,
  call: CallContext,
): Promise<{ id: string }> {
  const image = await imageToSave(runtime, name, call.signal);
  const request = { image, name, format: `${format}-archive`, moreTags, compress: false };
  // What is wrong with the names is told before anything is sent.
  dockerNames(request);
  const nothing = { [Symbol.asyncDispose]: async () => undefined };
  handOver(call, nothing, async (raw) => {
    const send = inOrder(raw);
    const saving = runtime.copies.send(request, (bytes) => send('d', bytes), call);
    try {
      for await (const line of saving.operation.lines()) await send('l', Buffer.from(line));
      await saving.result;
    } catch (error) {
      if (!saving.operation.ended) saving.operation.abort(new ConnectionClosedError('the caller left'));
      await saving.result.catch(() => undefined);
      if (error instanceof ConnectionClosedError || call.signal.aborted) throw error;
      await send('x', Buffer.from(messageOf(error)).subarray(0, mostReason));
      return;
    }
    await send('e');
  });
  return { id: image.id };
}

/** One frame after the other, whoever sends them. */
function inOrder(raw: RawConnection): (kind: FrameKind, bytes?: Uint8Array) => Promise<void> {
  let last = Promise.resolve();
  return async (kind, bytes) => {
    last = last.then(async () => await writeFrame(raw, kind, bytes));
    await last;
  };
}

/** Bytes. */
const mostReason = 4096;
