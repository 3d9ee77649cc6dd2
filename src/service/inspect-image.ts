// InspectImage
import type { CallContext } from '../rpc/index.js';
import { inspectImage as inspect } from '../runtime/inspect.js';
import type { Runtime } from '../runtime/runtime.js';
import { findByName } from './look-up.js';

export async function inspectImage(
  runtime: Runtime,
  { name }: { readonly name: string },
  { signal }: CallContext,
): Promise<{ image: string }> {
  const catalogue = await runtime.catalogue(signal);
  const image = findByName(runtime.registries(), catalogue.view, name);
  return { image: await inspect(await runtime.store(), catalogue, image) };
}
