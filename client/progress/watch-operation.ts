// What io.imaged tells about a call while it runs, over a connection of its own.
import { IoImagedClient, type Operation } from '../../src/generated/io-imaged.js';
import { withConnection } from '../connection.js';
import type { Context } from '../context.js';

/** Which of the operations of the service is meant. */
export interface WatchedCall {
  /** As in io.imaged: pull, push, save, load, import, export, copy, build or commit. */
  readonly kind: string;
  /** The name it works on, where the caller knows it. */
  readonly target?: string;
}

/** Tells `show` how far the call is whenever that has changed, until the signal is aborted. */
export async function watchOperation(
  context: Context,
  call: WatchedCall,
  signal: AbortSignal,
  show: (operation: Operation) => void,
): Promise<void> {
  try {
    await withConnection(context, signal, async (connection) => {
      for await (const { operations } of new IoImagedClient(connection).watchOperationsMore({})) {
        const own = ownOf(operations, call, context.pid);
        if (own !== undefined) show(own);
      }
    });
  } catch {
    // Without io.imaged the call goes on all the same, and shows no bytes.
  }
}

function ownOf(operations: readonly Operation[], call: WatchedCall, pid: number): Operation | undefined {
  const same = operations.filter(
    ({ kind, target }) => kind === call.kind && (call.target === undefined || target === call.target),
  );
  // Seen from another process namespace a pid is not the caller's own; others who name this move the same blobs.
  return same.find((operation) => operation.pid === pid) ?? same.at(-1);
}
