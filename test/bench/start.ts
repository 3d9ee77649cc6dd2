// `npm run bench -- start`: from the connection to an activated socket to the first reply, against `node -e 0`.
import { join } from 'node:path';

import { startActivated } from '../interop/support/activation.js';
import { PeerStore } from '../interop/support/peer-store.js';
import { output } from '../interop/support/process.js';
import { VarlinkConnection } from '../interop/support/varlink.js';
import { median, seconds } from './statistics.js';

export interface StartReport {
  readonly rounds: number;
  /** Median seconds from connecting until the reply of GetVersion is there. */
  readonly reply: number;
  /** Median seconds of `node -e 0`. */
  readonly node: number;
}

export async function benchStart(rounds: number, parent: string): Promise<StartReport> {
  const replies: number[] = [];
  const nodes: number[] = [];
  const store = await PeerStore.create({ parent });
  try {
    // The first one makes the store.
    for (let round = 0; round <= rounds; round += 1) {
      const socket = join(store.directory, `activated-${round}.sock`);
      const activated = await startActivated(store, socket);
      try {
        const elapsed = await seconds(async () => {
          const connection = await VarlinkConnection.connect(`unix:${socket}`);
          await connection.call('io.podman.GetVersion');
          connection.close();
        });
        if (round > 0) {
          replies.push(elapsed);
          nodes.push(await seconds(() => output(process.execPath, ['-e', '0'])));
        }
      } finally {
        await activated.close();
      }
    }
  } finally {
    await store.close();
  }
  return { rounds, reply: median(replies), node: median(nodes) };
}
