import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ChunkPool } from '../../src/archive/chunk-pool.js';
import { gzip, zlibDeflate, type DeflateBlock } from '../../src/archive/gzip.js';
import { crc32, IsalDeflate } from '../../src/sys/isal-deflate.js';

const ways: [string, (() => DeflateBlock) | undefined][] = [['zlib', () => zlibDeflate]];
// Installed by the set-up of the whole suite, which says so where it cannot be.
if (IsalDeflate.available) ways.push(['the library', undefined]);

const pool = new ChunkPool(64 * 1024);

async function zip(bytes: Buffer, size: number, make: (() => DeflateBlock) | undefined): Promise<Buffer> {
  const source = async function* (): AsyncGenerator<Buffer, void> {
    for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
  };
  const zipped: Buffer[] = [];
  for await (const chunk of gzip(source(), pool, make)) {
    zipped.push(Buffer.from(chunk));
    pool.release(chunk);
  }
  return Buffer.concat(zipped);
}

describe.each(ways)('zipping with %s', (_way, make) => {
  const text = Buffer.from('some text that comes again and again, in another number: '.repeat(30_000));
  const mixed = Buffer.concat([text, randomBytes(700_000), Buffer.alloc(600_000), text]);

  it('gives back the content, whatever it is', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('x'), text, mixed, randomBytes(1_500_000)]) {
      const zipped = await zip(bytes, 100_000, make);
      expect(gunzipSync(zipped).equals(bytes)).toBe(true);
    }
  });

  it('makes one member that gzip reads, without a name or a time', async () => {
    const zipped = await zip(mixed, 77_777, make);
    const { status, stdout } = spawnSync('gzip', ['--decompress', '--stdout'], {
      input: zipped,
      maxBuffer: 2 * mixed.length,
    });
    expect(status).toBe(0);
    expect(stdout.equals(mixed)).toBe(true);
    expect(zipped.toString('hex', 0, 10)).toBe('1f8b0800000000000003');
    expect(zipped.readUInt32LE(zipped.length - 4)).toBe(mixed.length);
    expect(zipped.readUInt32LE(zipped.length - 8)).toBe(crc32(mixed, 0));
  });

  it('gives the same bytes, wherever the content is cut', async () => {
    const whole = await zip(mixed, mixed.length, make);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 5000, max: 900_000 }), async (size) => {
        expect((await zip(mixed, size, make)).equals(whole)).toBe(true);
      }),
      { numRuns: 15 },
    );
  });

  it('passes on what its source fails with', async () => {
    const source = async function* (): AsyncGenerator<Buffer, void> {
      yield mixed;
      throw new Error('no more');
    };
    const read = async (): Promise<void> => {
      for await (const chunk of gzip(source(), pool, make)) pool.release(chunk);
    };
    await expect(read()).rejects.toThrow('no more');
  });

  it('can be left at any time, and another time gives the same', async () => {
    const source = async function* (): AsyncGenerator<Buffer, void> {
      for (let n = 0; n < 20; n++) yield mixed;
    };
    for await (const _ of gzip(source(), pool, make)) break;
    expect(gunzipSync(await zip(text, 5000, make)).equals(text)).toBe(true);
  });
});
