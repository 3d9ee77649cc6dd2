// ImageSave
import type { ImageSaveOptions, ImageSaveReply } from '../generated/io-podman.js';
import type { CallContext, Stream } from '../rpc/index.js';
import { NameMissingError } from '../runtime/errors.js';
import { instanceOf } from '../runtime/images/list-instance.js';
import { findImage } from '../runtime/images/resolve.js';
import type { Runtime, StoredImage } from '../runtime/runtime.js';
import { replies } from './replies.js';

export async function* imageSave(
  runtime: Runtime,
  { options }: { readonly options: ImageSaveOptions },
  call: CallContext,
): Stream<ImageSaveReply> {
  const image = await imageToSave(runtime, options.name, call.signal);
  const saving = runtime.copies.save({ ...options, image }, call);
  return yield* replies(saving, call, (logs, id = '') => ({ reply: { logs, id } }));
}

/** A name that cannot be one is an error here, unlike in the other methods. */
export async function imageToSave(runtime: Runtime, name: string, signal: AbortSignal): Promise<StoredImage> {
  if (name === '') throw new NameMissingError();
  const view = await runtime.view(signal);
  const image = findImage(view, name, runtime.registries());
  const instance = await instanceOf(await runtime.store(), view, image, await runtime.platform());
  // The image of a list goes into archives under the names of the list.
  return { ...instance, names: image.names };
}
