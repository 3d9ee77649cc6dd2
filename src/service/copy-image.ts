// CopyImage of io.imaged
import type { CopyImageParameters, CopyImageReply } from '../generated/io-imaged.js';
import type { CallContext, Stream } from '../rpc/index.js';
import type { Runtime } from '../runtime/runtime.js';
import { replies } from './replies.js';

export function copyImage(
  runtime: Runtime,
  { source, destination, options = {} }: CopyImageParameters,
  call: CallContext,
): Stream<CopyImageReply> {
  const copying = runtime.copies.copy({ source, destination, ...options }, call);
  return replies(copying, call, (logs, digest) => ({ logs, digest: digest ?? '' }));
}
