// DeleteUnusedImages
import type { CallContext } from '../rpc/index.js';
import { deleteUnusedImages as deleteUnused } from '../runtime/remove/prune.js';
import type { Runtime } from '../runtime/runtime.js';

export async function deleteUnusedImages(
  runtime: Runtime,
  _params: object,
  { signal }: CallContext,
): Promise<{ images: readonly string[] }> {
  return { images: await deleteUnused(await runtime.imageContext(), signal) };
}
