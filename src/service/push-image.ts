// PushImage
import type { PushImageParameters, PushImageReply } from '../generated/io-podman.js';
import type { CallContext, Stream } from '../rpc/index.js';
import type { Runtime } from '../runtime/runtime.js';
import { lookInto } from './look-up.js';
import { replies } from './replies.js';

/** Each reply has the id: that is known from the start. */
export async function* pushImage(
  runtime: Runtime,
  { name, tag, ...options }: PushImageParameters,
  call: CallContext,
): Stream<PushImageReply> {
  const { image } = await lookInto(runtime, name, call.signal);
  const request = { ...options, image, destination: tag === '' ? name : tag, tags: [] };
  const pushing = runtime.copies.push('push', request, call);
  return yield* replies(pushing, call, (logs) => ({ reply: { logs, id: image.id } }));
}
