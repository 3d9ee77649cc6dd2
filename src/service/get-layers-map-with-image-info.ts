// GetLayersMapWithImageInfo
import { goJson, sortedByKey } from '../oci/go-json.js';
import { reusable, type CallContext } from '../rpc/index.js';
import { layerMap } from '../runtime/images/layer-map.js';
import type { Runtime, StoreView } from '../runtime/runtime.js';

const replies = new WeakMap<StoreView, { layerMap: string }>();

/** The text is made once for each state of the store. */
export async function getLayersMapWithImageInfo(
  runtime: Runtime,
  _params: object,
  { signal }: CallContext,
): Promise<{ layerMap: string }> {
  const view = await runtime.view(signal);
  let reply = replies.get(view);
  if (reply === undefined) {
    reply = reusable({ layerMap: goJson(sortedByKey(Object.fromEntries(layerMap(view)))) });
    replies.set(view, reply);
  }
  return reply;
}
