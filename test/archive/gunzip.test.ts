import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ChunkPool } from '../../src/archive/chunk-pool.js';
import { createDecompressor } from '../../src/archive/compression.js';
import { piped } from '../../src/archive/decompress.js';
import { CompressionError } from '../../src/archive/errors.js';
import { canGunzip, gunzip } from '../../src/archive/gunzip.js';

type Unzip = (source: AsyncGenerator<Buffer, void>) => AsyncGenerator<Buffer, void>;

const ways: [string, Unzip][] = [
  ['zlib', (source) => piped(source, createDecompressor('gzip') as Duplex, 'gzip')],
];
// Installed by the set-up of the whole suite, which says so where it cannot be.
if (canGunzip()) ways.push(['the library', (source) => gunzip(source, new ChunkPool(5000))]);

async function* cut(bytes: Buffer, size: number): AsyncGenerator<Buffer, void> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

async function content(unzip: Unzip, zipped: Buffer, size: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of unzip(cut(zipped, size))) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

describe.each(ways)('unzipping with %s', (_way, unzip) => {
  const text = Buffer.from('some text that comes again and again, '.repeat(2000));
  const mixed = Buffer.concat([text, randomBytes(70_000), text]);

  it('gives the same bytes, wherever the input is cut', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 3000 }).map((array) => Buffer.from(array)),
      fc.nat(40_000).map((length) => mixed.subarray(0, length)),
      fc.nat(40_000).map((length) => Buffer.alloc(length)),
    );
    const level = fc.integer({ min: 0, max: 9 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(bytes, level), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 700 }),
        async (members, size) => {
          const zipped = members.map(([bytes, level]) => gzipSync(bytes, { level }));
          const whole = await content(unzip, Buffer.concat(zipped), size);
          expect(whole.equals(Buffer.concat(members.map(([bytes]) => bytes)))).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('reads a header with everything in it, byte by byte', async () => {
    const plain = gzipSync(text);
    const header = Buffer.from(plain.subarray(0, 10));
    header[3] = 0x04 | 0x08 | 0x10;
    const extra = Buffer.concat([Buffer.from([5, 0]), Buffer.from('extra')]);
    const zipped = Buffer.concat([header, extra, Buffer.from('name\0comment\0'), plain.subarray(10)]);
    expect((await content(unzip, zipped, 1)).equals(text)).toBe(true);
  });

  it.each([
    [
      'a wrong magic',
      Buffer.concat([Buffer.from('xx'), gzipSync(text).subarray(2)]),
      /incorrect header check/,
    ],
    ['a wrong checksum', change(gzipSync(text), -8), /incorrect data check/],
    ['a wrong length', change(gzipSync(text), -1), /incorrect (data|length) check/],
    ['an end in the header', gzipSync(text).subarray(0, 7), /unexpected end of file/],
    ['an end in the data', gzipSync(text).subarray(0, 60), /unexpected end of file/],
    ['an end in the checksum', gzipSync(text).subarray(0, -3), /unexpected end of file/],
    ['nothing', Buffer.alloc(0), /unexpected end of file/],
    ['zeros behind it', Buffer.concat([gzipSync(text), Buffer.alloc(100)]), /data behind the end/],
    [
      'garbage behind it',
      Buffer.concat([gzipSync(text), Buffer.from('more than a header')]),
      /incorrect header check/,
    ],
    [
      'an unknown kind of block',
      Buffer.concat([gzipSync('').subarray(0, 10), Buffer.from([7, 0, 0])]),
      /invalid block/,
    ],
  ])('refuses %s, wherever it is cut', async (_, zipped, problem) => {
    for (const size of [1, 7, 100_000]) {
      const attempt = content(unzip, zipped, size);
      await expect(attempt).rejects.toThrow(CompressionError);
      await expect(attempt).rejects.toThrow(problem);
    }
  });

  it('reads its source to the end before it says that the data are damaged', async () => {
    let read = 0;
    const source = async function* (): AsyncGenerator<Buffer, void> {
      for (let n = 0; n < 50; n++) {
        read++;
        yield randomBytes(100);
      }
    };
    const reader = unzip(source());
    await expect(reader.next()).rejects.toThrow(CompressionError);
    expect(read).toBe(50);
  });

  it('survives any bytes', async () => {
    const zipped = gzipSync(mixed);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(zipped.length - 1), fc.nat(255)), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 50, max: 90_000 }),
        async (changes, size) => {
          const damaged = Buffer.from(zipped);
          for (const [at, byte] of changes) damaged[at] = byte;
          const result: unknown = await content(unzip, damaged, size).catch((error: unknown) => error);
          const right = result instanceof Buffer ? result.equals(mixed) : result instanceof CompressionError;
          expect(right).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });
});

function change(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  const index = changed.length + at;
  changed[index] = (changed[index] ?? 0) ^ 0x55;
  return changed;
}
