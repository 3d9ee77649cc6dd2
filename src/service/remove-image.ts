// RemoveImage
import type { CallContext } from '../rpc/index.js';
import { removeImage as remove } from '../runtime/remove/remove.js';
import type { Runtime } from '../runtime/runtime.js';

export async function removeImage(
  runtime: Runtime,
  { name, force }: { readonly name: string; readonly force: boolean },
  { signal }: CallContext,
): Promise<{ image: string }> {
  const { id } = await remove(await runtime.imageContext(), name, force, signal);
  return { image: id };
}
