// Long loops on a thread that serves callers, with turns for the callers in between.
import { setImmediate as nextTurn } from 'node:timers/promises';

/** The milliseconds a loop holds the thread at a time. */
const sliceTime = 5;

/** Visits every item in order, and lets other work run every few milliseconds. */
export async function inSlices<Item>(items: Iterable<Item>, visit: (item: Item) => void): Promise<void> {
  let start = performance.now();
  for (const item of items) {
    visit(item);
    if (performance.now() - start < sliceTime) continue;
    await nextTurn();
    start = performance.now();
  }
}
