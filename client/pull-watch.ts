// How far a pull of this process is, as io.imaged tells it on a connection of its own.
import { IoImagedClient } from '../src/generated/io-imaged.js';
import type { Operation } from '../src/generated/io-imaged.js';
import { withConnection } from './connection.js';
import type { Context } from './context.js';

/** Tells `show` about the pull of `name` until it is aborted. */
export async function watchPull(
  context: Context,
  name: string,
  signal: AbortSignal,
  show: (operation: Operation) => void,
): Promise<void> {
  try {
    await withConnection(context, signal, async (connection) => {
      for await (const { operations } of new IoImagedClient(connection).watchOperationsMore({})) {
        const pulls = operations.filter(({ kind, target }) => kind === 'pull' && target === name);
        // Seen from another process namespace a pid is not the caller's own; others who pull this pull the same blobs.
        const own = pulls.find(({ pid }) => pid === context.pid) ?? pulls.at(-1);
        if (own !== undefined) show(own);
      }
    });
  } catch {
    // Without io.imaged the pull goes on all the same, and shows no bytes.
  }
}
