// Reading ahead, and in larger pieces.
import type { ChunkPool } from './chunk-pool.js';

/** The items of `source`, made up to `count` ahead of whoever reads them. Leaving the loop ends the source. */
export async function* ahead<T>(source: AsyncGenerator<T, void>, count: number): AsyncGenerator<T, void> {
  const steps: Promise<IteratorResult<T, void>>[] = [];
  try {
    for (;;) {
      while (steps.length < count + 1) {
        const step = source.next();
        // Whoever waits for it will see the failure.
        step.catch(() => undefined);
        steps.push(step);
      }
      const step = await steps.shift();
      if (step === undefined || step.done) return;
      yield step.value;
    }
  } finally {
    // Not waited for: it comes behind what is being made, which may be waiting for a peer.
    source.return().catch(() => undefined);
  }
}

/** The bytes of `source` in whole chunks, the last one excepted; the reader releases them. What is done for each costs less. */
export async function* gathered(
  source: AsyncIterable<Buffer>,
  chunks: ChunkPool,
): AsyncGenerator<Buffer, void> {
  let block = chunks.take();
  let filled = 0;
  for await (const piece of source) {
    for (let from = 0; from < piece.length;) {
      const copied = piece.copy(block, filled, from);
      from += copied;
      filled += copied;
      if (filled < block.length) break;
      yield block;
      block = chunks.take();
      filled = 0;
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
  else chunks.release(block);
}
