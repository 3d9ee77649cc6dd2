// TagImage
import type { CallContext } from '../rpc/index.js';
import { storedName } from '../runtime/names.js';
import type { Runtime } from '../runtime/runtime.js';
import { lookUp } from './look-up.js';

/** A name that another image has moves; one that this image has is no change and no event. */
export async function tagImage(
  runtime: Runtime,
  { name, tagged }: { readonly name: string; readonly tagged: string },
  { signal }: CallContext,
): Promise<{ image: string }> {
  const { image } = await lookUp(runtime, name, signal);
  const newName = storedName(tagged);
  if (!image.names.includes(newName)) {
    await (await runtime.store()).addName(image.id, newName, signal);
    await runtime.events.write({ status: 'tag', id: image.id, name: image.names[0] ?? newName });
  }
  return { image: image.id };
}
