// ReceiveFile
import type { CallContext } from '../rpc/index.js';
import type { Runtime } from '../runtime/runtime.js';
import { handOver, requireUpgrade } from './hand-over.js';

export async function receiveFile(
  runtime: Runtime,
  { path, delete: remove }: { readonly path: string; readonly delete: boolean },
  call: CallContext,
): Promise<{ len: number }> {
  requireUpgrade(call);
  const file = await runtime.files.open(path, remove, call);
  handOver(call, file, async (raw) => {
    for await (const bytes of file.bytes()) await raw.write(bytes);
  });
  return { len: file.size };
}
