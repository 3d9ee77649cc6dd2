// From the bytes of a blob to the bytes of its tar, whatever it is compressed with.
import type { Duplex } from 'node:stream';
import { ahead, gathered } from './ahead.js';
import type { BlobInput } from './blob-input.js';
import type { ChunkPool } from './chunk-pool.js';
import type { Compression } from './compression.js';
import { createDecompressor, decompressionFailure, detectCompression } from './compression.js';
import { CompressionError } from './errors.js';
import { canGunzip, gunzip } from './gunzip.js';
import { beginsLikeTar, BLOCK_BYTES } from './tar-header.js';

/** So many chunks are piped before they are asked for, lest one side waits for the other. */
const CHUNKS_AHEAD = 2;

/** A blob whose first bytes were looked at. */
export interface RecognisedBlob {
  readonly compression: Compression;
  /** Whether it is a tar by the looks of it; nothing that is compressed is. */
  readonly isTar: boolean;
  /** All of it, as it is. To be iterated once, and what comes to be released. */
  readonly bytes: AsyncGenerator<Buffer, void>;
}

/** A blob being piped. */
export interface DecompressedBlob {
  readonly compression: Compression;
  /** To be iterated once. Leaving the loop ends everything. Throws {@link CompressionError} or what the input failed with. */
  readonly chunks: AsyncIterable<Buffer>;
}

/** Sees the bytes of a blob, and may have its reader wait. It holds what it keeps. */
export type Meter = (chunk: Buffer) => Promise<void> | undefined;

/**
 * Reads the first bytes of `input` and unzips it. `meter` sees every chunk of the input before it is used; what it throws
 * comes out of the loop over `chunks`. The input is destroyed when anything fails. Memory is taken from `chunks`, to be released
 * by whoever reads what is returned.
 */
export async function decompress(
  input: BlobInput,
  meter: Meter,
  chunks: ChunkPool,
  signal?: AbortSignal,
): Promise<DecompressedBlob> {
  const blob = await recognise(input, meter, chunks, signal);
  return { compression: blob.compression, chunks: unzip(blob, chunks) };
}

/** The same without unzipping it. */
export async function recognise(
  input: BlobInput,
  meter: Meter,
  chunks: ChunkPool,
  signal?: AbortSignal,
): Promise<RecognisedBlob> {
  signal?.throwIfAborted();
  const source = metered(input, meter, chunks, signal);
  const start = await firstBytes(source);
  const compression = detectCompression(start);
  return {
    compression,
    isTar: compression === 'none' && beginsLikeTar(start),
    bytes: prepended(start, source),
  };
}

/** The content of a blob; of one that is not compressed, the blob. */
export function unzip(
  { compression, bytes }: RecognisedBlob,
  chunks: ChunkPool,
): AsyncGenerator<Buffer, void> {
  if (compression === 'gzip' && canGunzip()) return ahead(gunzip(bytes, chunks), CHUNKS_AHEAD);
  const decompressor = createDecompressor(compression);
  return decompressor === undefined ? bytes : piped(bytes, decompressor, compression);
}

async function* metered(
  input: BlobInput,
  meter: Meter,
  chunks: ChunkPool,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer, void> {
  const abort = (): void => {
    input.destroy(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
  };
  signal?.addEventListener('abort', abort);
  try {
    for await (const chunk of gathered(input, chunks)) {
      await meter(chunk);
      yield chunk;
    }
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

async function firstBytes(source: AsyncGenerator<Buffer, void>): Promise<Buffer> {
  let start: Buffer = Buffer.alloc(0);
  while (start.length < BLOCK_BYTES) {
    const next = await source.next();
    if (next.done === true) break;
    start = start.length === 0 ? next.value : Buffer.concat([start, next.value]);
  }
  return start;
}

async function* prepended(start: Buffer, rest: AsyncGenerator<Buffer, void>): AsyncGenerator<Buffer, void> {
  try {
    if (start.length > 0) yield start;
    yield* rest;
  } finally {
    await rest.return();
  }
}

/**
 * What `stream`, which zips or unzips, makes of `source`; like {@link gunzip} it reads that to its end. `compression` is for
 * messages.
 */
export async function* piped(
  source: AsyncGenerator<Buffer, void>,
  stream: Duplex,
  compression: Compression,
): AsyncGenerator<Buffer, void> {
  let written = 0;
  let failure: unknown;
  let left = false;
  const feed = async (): Promise<void> => {
    try {
      for await (const chunk of source) {
        if (left) return;
        // What cannot be piped is read on all the same: the meter then knows whether it is what was promised.
        if (stream.destroyed) continue;
        written += chunk.length;
        if (!stream.write(chunk)) await roomIn(stream);
      }
      stream.end();
    } catch (error) {
      failure = error;
      stream.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const fed = feed();
  try {
    yield* stream as AsyncIterable<Buffer>;
    await fed;
  } catch (error) {
    await fed;
    throw failure ?? decompressionFailure(compression, error);
  } finally {
    left = true;
    stream.destroy();
    await fed;
  }
  // zlib ends at padding behind the last member without a word.
  const { bytesWritten } = stream as { bytesWritten?: number };
  if (bytesWritten !== undefined && bytesWritten !== written) {
    throw new CompressionError(`${compression}: data behind the end of the compressed stream`);
  }
}

/** Until `stream` takes more, or never will again. */
function roomIn(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of ['drain', 'close', 'end']) stream.off(event, done);
      resolve();
    };
    for (const event of ['drain', 'close', 'end']) stream.on(event, done);
  });
}
