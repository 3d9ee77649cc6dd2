// Zstandard by the best means there is: Node's own, the zstd program, or a decoder in JavaScript.
import { spawnSync } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { Decompress } from 'fzstd';
import { filterProgram } from './filter-program.js';

let hasProgram: boolean | undefined;

// Node has it from 22.15 on; the types here are those of the oldest Node supported.
const builtin = zlib as {
  readonly createZstdCompress?: (options: object) => Duplex;
  readonly createZstdDecompress?: (options: object) => Duplex;
};

/** A stream that zips what is written to it, at the level that is usual. `options` are those of zlib's streams. */
export function createZstdCompressor(options: zlib.ZlibOptions): Duplex {
  return builtin.createZstdCompress?.(options) ?? filterProgram('zstd', ['--stdout', '--quiet', '-3']);
}

/** A stream that unzips what is written to it. `options` are those of zlib's streams. */
export function createZstd(options: zlib.ZlibOptions): Duplex {
  const create = builtin.createZstdDecompress;
  if (create !== undefined) return create(options);
  hasProgram ??= spawnSync('zstd', ['--version'], { stdio: 'ignore' }).error === undefined;
  return hasProgram ? filterProgram('zstd', ['--decompress', '--stdout', '--quiet']) : createSlowZstd();
}

/** The decoder in JavaScript: several times slower than the others, and without checksums. */
export function createSlowZstd(): Duplex {
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      attempt(() => decoder.push(chunk), done);
    },
    flush(done) {
      attempt(() => decoder.push(new Uint8Array(0), true), done);
    },
  });
  // A copy: what it hands out may be its window, which it goes on writing to.
  const decoder = new Decompress((bytes) => stream.push(Buffer.from(bytes)));
  return stream;
}

function attempt(action: () => void, done: (error?: Error | null) => void): void {
  try {
    action();
  } catch (error) {
    done(error instanceof Error ? error : new Error(String(error)));
    return;
  }
  done();
}
