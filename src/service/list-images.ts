// ListImages
import type { Image } from '../generated/io-podman.js';
import { reusable, type CallContext } from '../rpc/index.js';
import type { Catalogue } from '../runtime/images/image-list.js';
import type { Runtime } from '../runtime/runtime.js';

const replies = new WeakMap<Catalogue, { images: readonly Image[] }>();

/** The reply is made, and serialised, once for each state of the store. */
export async function listImages(
  runtime: Runtime,
  _params: object,
  call: CallContext,
): Promise<{ images: readonly Image[] }> {
  const catalogue = runtime.peekCatalogue() ?? (await runtime.catalogue(call.signal));
  let reply = replies.get(catalogue);
  if (reply === undefined) {
    reply = reusable({ images: catalogue.summaries });
    replies.set(catalogue, reply);
  }
  return reply;
}
