// RemoveImage
import type { CallContext } from '../rpc/index.js';
import type { Runtime } from '../runtime/runtime.js';

export async function removeImage(
  runtime: Runtime,
  { name, force }: { readonly name: string; readonly force: boolean },
  { signal }: CallContext,
): Promise<{ image: string }> {
  return { image: (await runtime.removeImage(name, force, signal)).id };
}
