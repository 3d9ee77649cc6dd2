// InspectImage
import type { CallContext } from '../rpc/index.js';
import { inspectImage as inspect } from '../runtime/inspect.js';
import type { Runtime } from '../runtime/runtime.js';
import { lookUp } from './look-up.js';

export async function inspectImage(
  runtime: Runtime,
  { name }: { readonly name: string },
  { signal }: CallContext,
): Promise<{ image: string }> {
  const { catalogue, image } = await lookUp(runtime, name, signal);
  return { image: await inspect(await runtime.store(), catalogue, image) };
}
