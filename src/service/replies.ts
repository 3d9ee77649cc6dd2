// Connects an operation to a stream of replies.
import type { CallContext, Stream } from '../rpc/index.js';
import type { Running } from '../runtime/copy/copies.js';

/**
 * With `more`, a reply for each line of the log as it comes, and a last one with the result and no lines; otherwise one with all lines
 * and the result. `reply` makes one; it gets the result with the last one only.
 */
export async function* replies<Result, Reply>(
  { operation, result }: Running<Result>,
  call: CallContext,
  reply: (logs: string[], result?: Result) => Reply,
): Stream<Reply> {
  try {
    if (call.more) {
      for await (const line of operation.lines()) yield reply([line]);
    }
    const last = await result;
    return reply([...operation.takeLines()], last);
  } finally {
    // A caller that leaves the stream early is gone: undo before the connection is forgotten.
    if (!operation.ended) operation.abort(new Error('the caller left'));
    await result.catch(() => undefined);
  }
}
