// RemoveImageWithResponse
import type { RemoveImageResponse } from '../generated/io-podman.js';
import type { CallContext } from '../rpc/index.js';
import { removeImage } from '../runtime/remove/remove.js';
import type { Runtime } from '../runtime/runtime.js';

export async function removeImageWithResponse(
  runtime: Runtime,
  { name, force }: { readonly name: string; readonly force: boolean },
  { signal }: CallContext,
): Promise<{ response: RemoveImageResponse }> {
  const { untagged, deleted } = await removeImage(await runtime.imageContext(), name, force, signal);
  return { response: { untagged, deleted } };
}
