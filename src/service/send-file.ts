// SendFile
import { ConnectionClosedError, type CallContext } from '../rpc/index.js';
import type { Runtime } from '../runtime/runtime.js';
import { handOver, requireUpgrade } from './hand-over.js';

/** No bytes are awaited where the length is not positive. */
export async function sendFile(
  runtime: Runtime,
  { length }: { readonly length: number },
  call: CallContext,
): Promise<{ fileHandle: string }> {
  requireUpgrade(call);
  const expected = Math.max(length, 0);
  const upload = await runtime.files.upload(expected, call);
  handOver(call, upload, async (raw) => {
    let received = 0;
    for await (const bytes of raw.read(expected)) {
      await upload.write(bytes);
      received += bytes.length;
    }
    if (received < expected) throw new ConnectionClosedError('the caller left before its file was whole');
    await upload.complete();
    await raw.write(Buffer.from(`${upload.handle}:`));
  });
  return { fileHandle: upload.handle };
}
