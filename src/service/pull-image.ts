// PullImage
import type { AuthConfig, PullImageReply } from '../generated/io-podman.js';
import type { CallContext, Stream } from '../rpc/index.js';
import type { Runtime } from '../runtime/runtime.js';
import { replies } from './replies.js';

export function pullImage(
  runtime: Runtime,
  { name, creds }: { readonly name: string; readonly creds: AuthConfig },
  call: CallContext,
): Stream<PullImageReply> {
  return replies(runtime.copies.pull(name, creds, call), call, (logs, id = '') => ({ reply: { logs, id } }));
}
