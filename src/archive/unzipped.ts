// The content of a blob for who knows nothing of its size: bounded by the ratio that no real one has.
import type { BlobInput } from './blob-input.js';
import { layerChunks } from './chunk-pool.js';
import { decompress } from './decompress.js';
import { defaultLayerLimits } from './limits.js';
import { RatioGuard } from './ratio-guard.js';

/** To be iterated once; a piece is valid until the next is asked for. Leaving the loop destroys the input. */
export async function* unzipped(input: BlobInput, signal?: AbortSignal): AsyncGenerator<Buffer, void> {
  const ratio = new RatioGuard(defaultLayerLimits);
  let read = 0;
  let made = 0;
  try {
    const count = (chunk: Buffer): undefined => void (read += chunk.length);
    const { chunks } = await decompress(input, count, layerChunks, signal);
    for await (const chunk of chunks) {
      made += chunk.length;
      ratio.check(made, read);
      yield chunk;
      layerChunks.release(chunk);
    }
  } finally {
    input.destroy();
  }
}
