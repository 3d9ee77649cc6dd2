// WatchOperations of io.imaged
import type { Operation as OperationReply, WatchOperationsReply } from '../generated/io-imaged.js';
import type { CallContext, Stream } from '../rpc/index.js';
import { ChangeFlag } from '../runtime/change-flag.js';
import type { Operation, OperationTable } from '../runtime/operation.js';

/** At most ten replies a second. */
const interval = 100;

/** What runs now; with `more` again whenever it changes, until the caller goes away. */
export async function* watchOperations(
  operations: OperationTable,
  call: CallContext,
): Stream<WatchOperationsReply> {
  const change = new ChangeFlag();
  const changed = (): void => change.raise();
  operations.events.on('change', changed);
  call.signal.addEventListener('abort', changed, { once: true });
  try {
    while (call.more && !call.signal.aborted) {
      yield snapshot(operations);
      await change.lowered();
      await new Promise((resolve) => setTimeout(resolve, interval));
    }
    return snapshot(operations);
  } finally {
    operations.events.off('change', changed);
    call.signal.removeEventListener('abort', changed);
  }
}

function snapshot(operations: OperationTable): WatchOperationsReply {
  return { operations: operations.running.map(toReply) };
}

function toReply(operation: Operation): OperationReply {
  const { id, kind, target, pid, phase, startedAt, blobs } = operation;
  return { id, kind, target, pid, phase, startedAt: startedAt.toISOString(), blobs: [...blobs] };
}
