// ListImages
import type { ListImagesReply } from '../generated/io-podman.js';
import { reusable, type CallContext } from '../rpc/index.js';
import type { Catalogue } from '../runtime/image-list.js';
import type { Runtime } from '../runtime/runtime.js';
import { toImage } from './image.js';

const replies = new WeakMap<Catalogue, ListImagesReply>();

/** The reply is made, and serialised, once for each state of the store. */
export async function listImages(
  runtime: Runtime,
  _params: object,
  { signal }: CallContext,
): Promise<ListImagesReply> {
  const catalogue = await runtime.catalogue(signal);
  let reply = replies.get(catalogue);
  if (reply === undefined) {
    reply = reusable({ images: catalogue.summaries.map(toImage) });
    replies.set(catalogue, reply);
  }
  return reply;
}
