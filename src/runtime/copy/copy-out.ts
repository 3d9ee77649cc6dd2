// From the store to another place: what push, save and export have in common.
import type { ImageLocation } from '../../oci/image-location.js';
import type { StoredImage } from '../../store/index.js';
import type { CopyContext } from './copy-context.js';
import { copyImage, type CopyOptions } from './copy.js';
import { CopyError, messageOf } from '../errors.js';
import type { ImageDestination } from './image-sink.js';
import type { Operation } from '../operation.js';
import { policyGate } from '../policy.js';
import { openDestination, openSource } from '../transports.js';

/** What goes where, and how. */
export interface CopyOut
  extends Pick<CopyOptions, 'signatures'>, Partial<Pick<CopyOptions, 'manifestType' | 'compress' | 'sign'>> {
  readonly image: StoredImage;
  /** A place, or what opens one that has no name. */
  readonly destination: ImageLocation | (() => Promise<ImageDestination>);
  /** Those the image has there. */
  readonly names: readonly string[];
}

/** Throws {@link CopyError} with the words clients know. Local images stay as they are. */
export async function copyOut(
  context: CopyContext,
  { image, destination: to, names, ...options }: CopyOut,
  operation: Operation,
): Promise<void> {
  const { signal } = operation;
  try {
    const gate = await policyGate(context.paths);
    const from = { transport: 'containers-storage', name: image.id } as const;
    await using source = await openSource(context, from, {}, signal);
    await using destination =
      typeof to === 'function' ? await to() : await openDestination(context, to, {}, signal);
    await using sink = destination.image(names);
    await copyImage(source, sink, { ...options, platform: context.platform, gate }, operation);
    await destination.finish(signal);
  } catch (error) {
    signal.throwIfAborted();
    throw new CopyError(`Error copying image to the remote destination: ${messageOf(error)}`, {
      cause: error,
    });
  }
  await context.events.write({ status: 'push', id: image.id, name: image.names[0] ?? '' });
}
