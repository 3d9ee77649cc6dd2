// TagImage
import type { CallContext } from '../rpc/index.js';
import { tagImage as tag } from '../runtime/images/names.js';
import type { Runtime } from '../runtime/runtime.js';

export async function tagImage(
  runtime: Runtime,
  { name, tagged }: { readonly name: string; readonly tagged: string },
  { signal }: CallContext,
): Promise<{ image: string }> {
  return { image: await tag(await runtime.imageContext(), name, tagged, signal) };
}
