// GetImage
import type { Image } from '../generated/io-podman.js';
import type { CallContext } from '../rpc/index.js';
import { summaryOf } from '../runtime/images/image-list.js';
import type { Runtime } from '../runtime/runtime.js';
import { findByName } from './look-up.js';

export async function getImage(
  runtime: Runtime,
  { id }: { readonly id: string },
  { signal }: CallContext,
): Promise<{ image: Image }> {
  const catalogue = await runtime.catalogue(signal);
  const image = findByName(runtime.registries(), catalogue.view, id);
  return { image: summaryOf(catalogue, image) };
}
