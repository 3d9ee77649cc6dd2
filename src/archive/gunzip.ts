// Unzips gzip ahead of whoever reads, with a library that is faster than zlib.
import { Igzip, InflateError } from '../sys/igzip.js';
import type { ChunkPool } from './chunk-pool.js';
import { decompressionFailure } from './compression.js';
import { CompressionError } from './errors.js';

/** Whether {@link gunzip} can be used here. */
export function canGunzip(): boolean {
  return Igzip.available;
}

/**
 * The content of a gzip file of one or more members. Throws {@link CompressionError}, but only when all of `source` was read:
 * its reader then knows whether it is what was promised. Releases what it has read, takes what it gives from `chunks`.
 */
export async function* gunzip(
  source: AsyncGenerator<Buffer, void>,
  chunks: ChunkPool,
): AsyncGenerator<Buffer, void> {
  try {
    yield* members(source, chunks);
  } catch (error) {
    // Nothing comes from a source that has failed itself.
    for await (const _ of source);
    throw error instanceof InflateError ? decompressionFailure('gzip', error) : error;
  }
}

async function* members(
  source: AsyncGenerator<Buffer, void>,
  chunks: ChunkPool,
): AsyncGenerator<Buffer, void> {
  const stream = new Igzip();
  let output = chunks.take();
  let filled = 0;
  for (;;) {
    // Not for await: leaving it for an error would end the source.
    const step = await source.next();
    if (step.done) break;
    stream.feed(step.value);
    for (let more = true; more;) {
      if (stream.ended) startAnother(stream);
      const before = stream.unread;
      const given = await stream.inflate(output, filled);
      filled += given;
      const full = filled === output.length;
      if (full) {
        yield output;
        output = chunks.take();
        filled = 0;
      }
      more = stream.unread > 0 || (full && !stream.ended);
      if (more && !full && given === 0 && stream.unread === before && !stream.ended)
        throw new CompressionError('gzip: invalid data');
    }
    chunks.release(step.value);
  }
  if (!stream.ended) throw new CompressionError('gzip: unexpected end of file');
  if (filled > 0) yield output.subarray(0, filled);
  else chunks.release(output);
}

function startAnother(stream: Igzip): void {
  // Zeros are padding to some, and nothing that belongs into a blob.
  if (stream.peek() === 0) throw new CompressionError('gzip: data behind the end of the compressed stream');
  stream.reset();
}
