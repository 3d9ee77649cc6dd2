// InspectImage
import type { CallContext } from '../rpc/index.js';
import { inspectImage as inspect } from '../runtime/images/inspect.js';
import { instanceOf } from '../runtime/images/list-instance.js';
import type { Runtime } from '../runtime/runtime.js';
import { findByName } from './look-up.js';

export async function inspectImage(
  runtime: Runtime,
  { name }: { readonly name: string },
  { signal }: CallContext,
): Promise<{ image: string }> {
  const catalogue = await runtime.catalogue(signal);
  const found = findByName(runtime.registries(), catalogue.view, name);
  const store = await runtime.store();
  const image = await instanceOf(store, catalogue.view, found, await runtime.platform());
  return { image: await inspect(store, catalogue, image) };
}
