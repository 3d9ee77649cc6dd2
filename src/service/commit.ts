// Commit
import type { CommitParameters, CommitReply } from '../generated/io-podman.js';
import type { CallContext, Stream } from '../rpc/index.js';
import type { Runtime } from '../runtime/runtime.js';
import { replies } from './replies.js';

export function commit(
  runtime: Runtime,
  { manifestType: format, ...request }: CommitParameters,
  call: CallContext,
): Stream<CommitReply> {
  const running = runtime.copies.commit({ ...request, format }, call);
  return replies(running, call, (logs, id = '') => ({ reply: { logs, id } }));
}
