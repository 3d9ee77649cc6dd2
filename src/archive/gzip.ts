// Zips with gzip, several blocks at a time; the same bytes for the same content, wherever its chunks end.
import * as zlib from 'node:zlib';
import { crc32, IsalDeflate } from '../sys/isal-deflate.js';
import { gathered } from './ahead.js';
import { ChunkPool } from './chunk-pool.js';

/** Blocks do not refer to one another, which costs less than a hundredth of what is saved. */
const BLOCK_BYTES = 512 * 1024;
/** Two are being zipped while a third is read or written. */
const BLOCKS_AT_ONCE = 3;
/** No name, no time, and Unix, whatever this is. */
const HEADER = Buffer.from('1f8b0800000000000003', 'hex');
/** An empty last block. */
const LAST_BLOCK = Buffer.from('0300', 'hex');

/** Zips one block, to end with a byte; what it gives is valid until its next call. */
export type DeflateBlock = (block: Buffer) => Promise<Buffer>;

/** zlib's, which is everywhere. */
export function zlibDeflate(block: Buffer): Promise<Buffer> {
  const options = { finishFlush: zlib.constants.Z_FULL_FLUSH, chunkSize: BLOCK_BYTES };
  return new Promise((resolve, reject) => {
    zlib.deflateRaw(block, options, (error, zipped) => (error === null ? resolve(zipped) : reject(error)));
  });
}

const blocks = new ChunkPool(BLOCK_BYTES);
const idle: DeflateBlock[] = [];

/** The fastest there is. Each does one block at a time. */
function makeDeflate(): DeflateBlock {
  if (!IsalDeflate.available) return zlibDeflate;
  const isal = new IsalDeflate();
  return (block) => isal.deflate(block);
}

/** One gzip member with the content of `source`, whose chunks it releases, in whole chunks of `chunks`. */
export function gzip(
  source: AsyncIterable<Buffer>,
  chunks: ChunkPool,
  make: () => DeflateBlock = () => idle.pop() ?? makeDeflate(),
): AsyncGenerator<Buffer, void> {
  return gathered(member(gathered(released(source, chunks), blocks), make), chunks);
}

async function* member(
  source: AsyncIterable<Buffer>,
  make: () => DeflateBlock,
): AsyncGenerator<Buffer, void> {
  const running: RunningBlock[] = [];
  let sum = 0;
  let size = 0;
  yield HEADER;
  for await (const block of source) {
    sum = crc32(block, sum);
    size += block.length;
    running.push(new RunningBlock(block, make()));
    if (running.length === BLOCKS_AT_ONCE) yield* finished(running);
  }
  while (running.length > 0) yield* finished(running);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(sum, 0);
  trailer.writeUInt32LE(size % 2 ** 32, 4);
  yield LAST_BLOCK;
  yield trailer;
}

class RunningBlock {
  readonly block: Buffer;
  readonly deflate: DeflateBlock;
  readonly zipped: Promise<Buffer>;

  constructor(block: Buffer, deflate: DeflateBlock) {
    this.block = block;
    this.deflate = deflate;
    this.zipped = deflate(block);
    // Whoever waits for it will see the failure.
    this.zipped.catch(() => undefined);
  }
}

/** The oldest block, when it is done. What did it is free for others only when the result was read. */
async function* finished(running: RunningBlock[]): AsyncGenerator<Buffer, void> {
  const oldest = running.shift();
  if (oldest === undefined) return;
  yield await oldest.zipped;
  blocks.release(oldest.block);
  if (oldest.deflate !== zlibDeflate && idle.length < BLOCKS_AT_ONCE) idle.push(oldest.deflate);
}

async function* released(source: AsyncIterable<Buffer>, chunks: ChunkPool): AsyncGenerator<Buffer, void> {
  for await (const chunk of source) {
    yield chunk;
    chunks.release(chunk);
  }
}
