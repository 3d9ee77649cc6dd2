// PullImage
import type { AuthConfig, PullImageReply } from '../generated/io-podman.js';
import type { CallContext, Stream } from '../rpc/index.js';
import type { Runtime } from '../runtime/runtime.js';

/**
 * With `more`, a reply for each line as it comes, and a last one with the id and no lines;
 * otherwise one reply with all lines and the id.
 */
export async function* pullImage(
  runtime: Runtime,
  { name, creds }: { readonly name: string; readonly creds: AuthConfig },
  call: CallContext,
): Stream<PullImageReply> {
  const { operation, result } = runtime.pullImage(name, creds, call);
  try {
    if (call.more) {
      for await (const line of operation.lines()) yield { reply: { logs: [line], id: '' } };
    }
    const id = await result;
    return { reply: { logs: [...operation.takeLines()], id } };
  } finally {
    // A caller that leaves the stream early is gone: undo before the connection is forgotten.
    if (!operation.ended) operation.abort(new Error('the caller left'));
    await result.catch(() => undefined);
  }
}
