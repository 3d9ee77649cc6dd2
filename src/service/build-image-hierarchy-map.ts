// BuildImageHierarchyMap
import { goJson } from '../oci/go-json.js';
import type { CallContext } from '../rpc/index.js';
import { imageLayers } from '../runtime/images/layer-map.js';
import type { Runtime } from '../runtime/runtime.js';
import { lookInto } from './look-up.js';

export async function buildImageHierarchyMap(
  runtime: Runtime,
  { name }: { readonly name: string },
  { signal }: CallContext,
): Promise<{ imageInfo: string }> {
  const { view, image } = await lookInto(runtime, name, signal);
  return { imageInfo: goJson(imageLayers(view, image)) };
}
