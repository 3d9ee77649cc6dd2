// GetImage
import type { GetImageReply } from '../generated/io-podman.js';
import type { CallContext } from '../rpc/index.js';
import { summaryOf } from '../runtime/image-list.js';
import type { Runtime } from '../runtime/runtime.js';
import { lookUp } from './look-up.js';
import { toImage } from './image.js';

export async function getImage(
  runtime: Runtime,
  { id }: { readonly id: string },
  { signal }: CallContext,
): Promise<GetImageReply> {
  const { catalogue, image } = await lookUp(runtime, id, signal);
  return { image: toImage(summaryOf(catalogue, image)) };
}
