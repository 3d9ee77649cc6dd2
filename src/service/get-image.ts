// GetImage
import type { Image } from '../generated/io-podman.js';
import type { CallContext } from '../rpc/index.js';
import { summaryOf } from '../runtime/image-list.js';
import type { Runtime } from '../runtime/runtime.js';
import { lookUp } from './look-up.js';

export async function getImage(
  runtime: Runtime,
  { id }: { readonly id: string },
  { signal }: CallContext,
): Promise<{ image: Image }> {
  const { catalogue, image } = await lookUp(runtime, id, signal);
  return { image: summaryOf(catalogue, image) };
}
