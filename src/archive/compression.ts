// How a layer is compressed, by its first bytes, and the stream that undoes it.
import type { FileHandle } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import * as zlib from 'node:zlib';
import type { Compression } from '../oci/media-types.js';
import { CHUNK_BYTES } from './chunk-pool.js';
import { CompressionError } from './errors.js';
import { filterProgram } from './filter-program.js';
import { createZstd, createZstdCompressor } from './zstd.js';

export type { Compression };

/** As many first bytes as {@link detectCompression} needs. */
export const MAGIC_BYTES = 6;

const magics: readonly (readonly [Compression, string])[] = [
  ['gzip', '\x1f\x8b\x08'],
  ['bzip2', 'BZh'],
  ['xz', '\xfd7zXZ\0'],
  ['zstd', '\x28\xb5\x2f\xfd'],
];

/** What a blob that begins with these bytes is compressed with; a tar never begins like that. */
export function detectCompression(start: Buffer): Compression {
  const text = start.toString('latin1', 0, MAGIC_BYTES);
  return magics.find(([, magic]) => text.startsWith(magic))?.[0] ?? 'none';
}

/** As many bytes from `offset` on as {@link detectCompression} needs, if there are. */
export async function readStart(file: FileHandle, offset: number): Promise<Buffer> {
  const start = Buffer.alloc(MAGIC_BYTES);
  const { bytesRead } = await file.read(start, 0, start.length, offset);
  return start.subarray(0, bytesRead);
}

/** As much as `xz -9` needs and no more: the file says how much its reader has to have. */
const XZ_MEMORY = '80MiB';

/**
 * A stream that unzips what is written to it; undefined for `none`. zlib works on a thread of the pool: while it unzips the
 * next chunk the caller can work on the last. It must be read, not listened to (`data`), for that to happen.
 */
export function createDecompressor(compression: Compression): Duplex | undefined {
  switch (compression) {
    case 'none':
      return undefined;
    case 'gzip':
      // Two chunks ahead, so that neither side waits for the other; each chunk in memory is 256 KiB.
      return zlib.createGunzip({ chunkSize: CHUNK_BYTES, ...aheadOfReader });
    case 'zstd':
      return createZstd({ chunkSize: CHUNK_BYTES, ...aheadOfReader });
    case 'xz':
      return filterProgram('xz', [
        '--decompress',
        '--stdout',
        '--quiet',
        `--memlimit-decompress=${XZ_MEMORY}`,
      ]);
    default:
      return filterProgram('bzip2', ['--decompress', '--stdout', '--quiet']);
  }
}

/** A stream that zips what is written to it with zstd; used like those of {@link createDecompressor}. */
export function createZstdStream(): Duplex {
  return createZstdCompressor({ chunkSize: CHUNK_BYTES, ...aheadOfReader });
}

const aheadOfReader: object = {
  readableHighWaterMark: 2 * CHUNK_BYTES,
  writableHighWaterMark: CHUNK_BYTES,
};

/** An error of a decompressor as this project's own. */
export function decompressionFailure(compression: Compression, cause: unknown): CompressionError {
  if (cause instanceof CompressionError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CompressionError(`${compression}: ${reason}`, undefined, { cause });
}
