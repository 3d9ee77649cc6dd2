// UntagImage
import { ErrorOccurred } from '../generated/io-podman.js';
import type { CallContext } from '../rpc/index.js';
import { storedName } from '../runtime/names.js';
import type { Runtime } from '../runtime/runtime.js';
import { lookUp } from './look-up.js';

/** `tag` is completed as TagImage does. The last name can go too; the image stays. */
export async function untagImage(
  runtime: Runtime,
  { name, tag }: { readonly name: string; readonly tag: string },
  { signal }: CallContext,
): Promise<{ image: string }> {
  const { image } = await lookUp(runtime, name, signal);
  const removed = image.names.includes(tag) ? tag : storedName(tag);
  if (!image.names.includes(removed)) {
    throw new ErrorOccurred(`image ${image.id} has no name ${removed}`);
  }
  await (await runtime.store()).removeName(image.id, removed, signal);
  await runtime.events.write({ status: 'untag', id: image.id, name: image.names[0] ?? '' });
  return { image: image.id };
}
