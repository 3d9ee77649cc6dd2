import { createHash, randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { Readable } from 'node:stream';
import { deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import {
  CompressionError,
  DigestMismatchError,
  LayerLimitError,
  SizeMismatchError,
} from '../../src/archive/errors.js';
import { transferLayer, type TransferOptions } from '../../src/archive/transfer-layer.js';
import { parseDigest } from '../../src/oci/digest.js';
import { digestOf, pieces } from './layers.js';
import { tarOf } from './tar-builder.js';

const tar = tarOf({ name: 'f', content: 'x'.repeat(700_000) }, { name: 'g', content: 'y' });
const zipped = gzipSync(tar, { level: 1 });
const zstd = spawnSync('zstd', ['--stdout', '-1'], { input: tar, maxBuffer: 10_000_000 }).stdout;
const other = parseDigest(`sha256:${'0'.repeat(64)}`);

async function transfer(
  blob: Buffer | Readable,
  options: Partial<TransferOptions> = {},
  signal?: AbortSignal,
) {
  const written: Buffer[] = [];
  const input = Buffer.isBuffer(blob) ? Readable.from(pieces(blob, 50_000)) : blob;
  const summary = await transferLayer(
    input,
    {
      expected: {},
      recode: 'as-is',
      write: async (chunk) => {
        written.push(Buffer.from(chunk));
      },
      ...options,
    },
    signal,
  );
  return { ...summary, bytes: Buffer.concat(written) };
}

function unzstd(bytes: Buffer): Buffer {
  return spawnSync('zstd', ['-d', '--stdout'], { input: bytes, maxBuffer: 10_000_000 }).stdout;
}

describe('moving a layer', () => {
  it.each([
    ['a tar', tar, 'none'],
    ['gzip', zipped, 'gzip'],
    ['zstd', zstd, 'zstd'],
  ] as const)('leaves %s alone when it is to stay as it is', async (_, blob, compression) => {
    const expected = { digest: digestOf(blob), size: blob.length, diffId: digestOf(tar) };
    const moved = await transfer(blob, { expected });
    expect(moved.bytes.equals(blob)).toBe(true);
    expect(moved).toMatchObject({ digest: digestOf(blob), size: blob.length, compression });
    expect(moved.diffId).toBe(compression === 'none' ? digestOf(tar) : undefined);
  });

  it.each([
    ['a tar', tar],
    ['gzip', zipped],
    ['zstd', zstd],
  ])('unzips %s', async (_, blob) => {
    const expected = { digest: digestOf(blob), size: blob.length, diffId: digestOf(tar) };
    const { bytes, ...summary } = await transfer(blob, { expected, recode: 'plain' });
    expect(bytes.equals(tar)).toBe(true);
    const digest = digestOf(tar);
    expect(summary).toEqual({
      digest,
      size: tar.length,
      compression: 'none',
      diffId: digest,
      blobSize: blob.length,
      diffSize: tar.length,
    });
  });

  it.each([
    ['gzip', 'a tar', tar],
    ['gzip', 'zstd', zstd],
    ['zstd', 'a tar', tar],
    ['zstd', 'gzip', zipped],
  ] as const)('makes %s of %s', async (recode, _, blob) => {
    const expected = { digest: digestOf(blob), size: blob.length, diffId: digestOf(tar) };
    const { bytes, ...summary } = await transfer(blob, { expected, recode });
    expect((recode === 'gzip' ? gunzipSync(bytes) : unzstd(bytes)).equals(tar)).toBe(true);
    expect(summary).toEqual({
      digest: digestOf(bytes),
      size: bytes.length,
      compression: recode,
      diffId: digestOf(tar),
      blobSize: blob.length,
      diffSize: tar.length,
    });
  });

  it.each([
    ['gzip', zipped],
    ['zstd', zstd],
  ] as const)('does not zip again what is %s already', async (recode, blob) => {
    const moved = await transfer(blob, { recode });
    expect(moved.bytes.equals(blob)).toBe(true);
    expect(moved).toMatchObject({ digest: digestOf(blob), compression: recode, diffId: undefined });
  });

  it('checks digests of other kinds', async () => {
    const sum = (algorithm: string, bytes: Buffer) =>
      parseDigest(`${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`);
    const expected = { digest: sum('sha512', tar), diffId: sum('sha384', tar) };
    expect(await transfer(tar, { expected })).toMatchObject(expected);
    const wrong = parseDigest(`sha384:${'0'.repeat(96)}`);
    await expect(transfer(tar, { expected: { ...expected, diffId: wrong } })).rejects.toThrow(
      DigestMismatchError,
    );
  });

  it.each([
    ['the blob', { digest: other }],
    ['the tar', { diffId: other }],
  ])('fails when %s has another digest', async (_, expected) => {
    for (const [blob, recode] of [
      [tar, 'as-is'],
      [tar, 'gzip'],
      [zipped, 'plain'],
      [zipped, 'zstd'],
    ] as const) {
      await expect(transfer(blob, { expected, recode })).rejects.toThrow(DigestMismatchError);
    }
  });

  it('does not look for a tar in what is to stay as it is and is none', async () => {
    const secret = randomBytes(5000);
    const expected = { digest: digestOf(secret), diffId: digestOf(tar) };
    expect((await transfer(secret, { expected })).bytes.equals(secret)).toBe(true);
    await expect(transfer(secret, { expected, recode: 'gzip' })).rejects.toThrow(DigestMismatchError);
  });

  it('fails when there is less or more than promised, and takes little of more', async () => {
    await expect(transfer(zipped, { expected: { size: zipped.length + 1 } })).rejects.toThrow(
      SizeMismatchError,
    );
    let read = 0;
    const endless = async function* (): AsyncGenerator<Buffer, void> {
      for (;;) {
        read += 100_000;
        yield Buffer.alloc(100_000);
      }
    };
    await expect(transfer(Readable.from(endless()), { expected: { size: 1_000_000 } })).rejects.toThrow(
      SizeMismatchError,
    );
    expect(read).toBeLessThan(3_000_000);
  });

  it('says that a blob is another one rather than that it cannot be unzipped', async () => {
    const damaged = Buffer.from(zipped);
    damaged.fill(0xff, 200, 300);
    const promised = { digest: digestOf(zipped), size: zipped.length };
    await expect(transfer(damaged, { expected: promised, recode: 'plain' })).rejects.toThrow(
      DigestMismatchError,
    );
    const itself = { digest: digestOf(damaged), size: damaged.length };
    await expect(transfer(damaged, { expected: itself, recode: 'plain' })).rejects.toThrow(CompressionError);
  });

  it('stops what unzips to far too much', async () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000));
    const limits = { ratio: 100, ratioFloor: 1_000_000 };
    for (const recode of ['plain', 'zstd'] as const) {
      await expect(transfer(bomb, { recode, limits })).rejects.toThrow(LayerLimitError);
    }
    expect((await transfer(bomb, { limits })).size).toBe(bomb.length);
  });

  it('moves a layer without a single byte', async () => {
    const moved = await transfer(Buffer.alloc(0), { recode: 'gzip' });
    expect(gunzipSync(moved.bytes)).toHaveLength(0);
    expect(moved.diffSize).toBe(0);
  });

  it('fails with what writing fails with, and ends the reading', async () => {
    for (const recode of ['as-is', 'plain', 'gzip', 'zstd'] as const) {
      const input = Readable.from(pieces(tar, 50_000));
      const write = (): Promise<void> => Promise.reject(new Error('no space left'));
      await expect(transfer(input, { recode, write })).rejects.toThrow('no space left');
      expect(input.destroyed).toBe(true);
    }
  });

  it('waits for whoever writes', async () => {
    let writing = 0;
    const write = async (): Promise<void> => {
      expect(++writing).toBe(1);
      await new Promise((done) => setTimeout(done, 5));
      writing--;
    };
    await transfer(tar, { recode: 'gzip', write });
    await transfer(tar, { write });
  });

  it('ends with the signal’s reason, and leaves nothing open', async () => {
    const open = (): number => readdirSync('/proc/self/fd').length;
    await transfer(zstd, { recode: 'gzip' });
    const before = open();
    for (const recode of ['as-is', 'plain', 'gzip', 'zstd'] as const) {
      const stop = new AbortController();
      const stalling = new Readable({ read: () => undefined });
      stalling.push(zipped.subarray(0, 600));
      setTimeout(() => stop.abort(new Error('gone away')), 20);
      await expect(transfer(stalling, { recode }, stop.signal)).rejects.toThrow('gone away');
    }
    await new Promise((done) => setTimeout(done, 100));
    expect(open()).toBeLessThanOrEqual(before);
  });

  it('takes what is zipped in a way nobody knows for what it is', async () => {
    const strange = deflateSync(tar);
    expect(await transfer(strange)).toMatchObject({ compression: 'none', size: strange.length });
  });
});
