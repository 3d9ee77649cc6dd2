// The generated client under load: what a caller gets who writes `await probe.echoString(…)`.
import { OrgExampleProbeClient } from '../proof/generated/org-example-probe.js';
import type { Target } from './rpc-load.js';
import { connect } from '../../src/rpc/client.js';

type Use = (probe: OrgExampleProbeClient, end: number) => Promise<number>;

const value = 'a trivial call with a short text';
/** Replies of one streaming call, and the characters of each. */
const streamed = { count: 20_000, size: 16 };

/** What the client is asked to do until the time is over; each resolves to the number of replies. */
const uses: Readonly<Record<string, Use>> = {
  'calls/s, one after the other': calls,
  'calls/s, 16 in flight': async (probe, end) => {
    const counts = await Promise.all(Array.from({ length: 16 }, () => calls(probe, end)));
    return counts.reduce((sum, count) => sum + count, 0);
  },
  'streamed replies/s': async (probe, end) => {
    let count = 0;
    while (performance.now() < end) {
      for await (const { index } of probe.streamMore(streamed)) {
        if (index !== count % streamed.count) throw new Error(`reply ${index} for ${count}`);
        count += 1;
      }
    }
    return count;
  },
};

export const clientUses: readonly string[] = Object.keys(uses);

/** Replies per second that one connection to this target gives its caller. */
export async function clientRate(use: string, target: Target, duration: number): Promise<number> {
  const prefix = target.door === 'jsonrpc' ? 'jsonrpc+' : '';
  await using connection = await connect(prefix + target.address);
  const start = performance.now();
  const count = await uses[use]?.(new OrgExampleProbeClient(connection), start + duration);
  return ((count ?? 0) / (performance.now() - start)) * 1000;
}

async function calls(probe: OrgExampleProbeClient, end: number): Promise<number> {
  let count = 0;
  for (; performance.now() < end; count += 1) {
    const reply = await probe.echoString({ value });
    if (reply.value !== value) throw new Error(`not an echo: ${reply.value}`);
  }
  return count;
}
