// RemoveImageWithResponse
import type { RemoveImageWithResponseReply } from '../generated/io-podman.js';
import type { CallContext } from '../rpc/index.js';
import type { Runtime } from '../runtime/runtime.js';

export async function removeImageWithResponse(
  runtime: Runtime,
  { name, force }: { readonly name: string; readonly force: boolean },
  { signal }: CallContext,
): Promise<RemoveImageWithResponseReply> {
  const { untagged, deleted } = await runtime.removeImage(name, force, signal);
  return { response: { untagged: [...untagged], deleted } };
}
