// Waiting for what another part of the test brings about.
import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves once `condition` holds; throws after ten seconds, so that a failure cannot keep the tests from ending. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${condition.toString()}`);
    await sleep(5);
  }
}
