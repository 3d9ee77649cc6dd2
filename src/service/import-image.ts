// ImportImage
import type { ImportImageParameters } from '../generated/io-podman.js';
import type { CallContext } from '../rpc/index.js';
import type { Runtime } from '../runtime/runtime.js';

export async function importImage(
  runtime: Runtime,
  { source, delete: remove, ...request }: ImportImageParameters,
  call: CallContext,
): Promise<{ image: string }> {
  return { image: await runtime.copies.import({ file: source, remove }, request, call).result };
}
