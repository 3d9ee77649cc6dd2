// UntagImage
import type { CallContext } from '../rpc/index.js';
import { untagImage as untag } from '../runtime/images/names.js';
import type { Runtime } from '../runtime/runtime.js';

export async function untagImage(
  runtime: Runtime,
  { name, tag }: { readonly name: string; readonly tag: string },
  { signal }: CallContext,
): Promise<{ image: string }> {
  return { image: await untag(await runtime.imageContext(), name, tag, signal) };
}
