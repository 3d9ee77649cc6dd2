// RemoveImage
import type { RemoveImageReply } from '../generated/io-podman.js';
import type { CallContext } from '../rpc/index.js';
import type { Runtime } from '../runtime/runtime.js';

export async function removeImage(
  runtime: Runtime,
  { name, force }: { readonly name: string; readonly force: boolean },
  { signal }: CallContext,
): Promise<RemoveImageReply> {
  return { image: (await runtime.removeImage(name, force, signal)).id };
}
