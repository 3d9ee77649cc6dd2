// Unpacks the context of a build: a tar that anybody may have made, of which only files, directories and links are taken.
import { closeSync, constants, openSync } from 'node:fs';
import type { BlobInput } from './blob-input.js';
import { layerChunks as chunks } from './chunk-pool.js';
import { ContextVisitor, type ContextLimits } from './context-visitor.js';
import { recognise, unzip } from './decompress.js';
import { TarFormatError } from './errors.js';
import { LayerApplier } from './layer-applier.js';
import { RatioGuard } from './ratio-guard.js';
import { TarReader } from './tar-reader.js';

/** What was unpacked. */
export interface ContextSummary {
  readonly entries: number;
  /** Bytes of its files. */
  readonly bytes: number;
}

/**
 * Unpacks `input`, a tar, plain or compressed, into an existing empty directory. Everything belongs to this process
 * afterwards. Throws a {@link LayerError} for what is no tar, leads out of the directory, is a device or exceeds the
 * limits (build.md, Security rules 3). After an error the directory holds what was unpacked so far. Blocks the thread.
 */
export async function unpackContext(
  input: BlobInput,
  directory: string,
  limits: ContextLimits,
  signal: AbortSignal,
): Promise<ContextSummary> {
  const root = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  let applier: LayerApplier | undefined;
  try {
    applier = new LayerApplier(root, limits, chunks, { whiteouts: false, links: false });
    const visitor = new ContextVisitor(applier, limits);
    const reader = new TarReader(visitor, undefined, limits);
    const ratio = new RatioGuard(limits);
    let read = 0;
    let unzipped = 0;
    const count = (chunk: Buffer): undefined => void (read += chunk.length);
    const blob = await recognise(input, count, chunks, signal);
    if (blob.compression === 'none' && !blob.isTar)
      throw new TarFormatError('the context is not a tar archive');
    for await (const chunk of unzip(blob, chunks)) {
      signal.throwIfAborted();
      unzipped += chunk.length;
      ratio.check(unzipped, read);
      let done = reader.push(chunk);
      while (visitor.blocked) {
        await visitor.settled();
        if (done < chunk.length) done = reader.push(chunk, done);
      }
      chunks.release(chunk);
    }
    reader.end();
    await applier.end();
    return visitor.summary;
  } catch (error) {
    await applier?.abandon();
    input.destroy();
    throw error;
  } finally {
    closeSync(root);
  }
}
