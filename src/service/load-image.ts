// LoadImage
import type { LoadImageParameters, LoadImageReply } from '../generated/io-podman.js';
import type { CallContext, Stream } from '../rpc/index.js';
import type { Runtime } from '../runtime/runtime.js';
import { replies } from './replies.js';

export function loadImage(
  runtime: Runtime,
  { name, inputFile, quiet, deleteFile }: LoadImageParameters,
  call: CallContext,
): Stream<LoadImageReply> {
  const loading = runtime.copies.load({ file: inputFile, remove: deleteFile }, { name, quiet }, call);
  return replies(loading, call, (logs, names = []) => ({ reply: { logs, id: names.join(', ') } }));
}
