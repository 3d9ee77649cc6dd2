import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { ThreadedHash } from '../../src/sys/threaded-hash.js';

const pieces = Array.from({ length: 40 }, (_, n) => randomBytes((n * 7919) % 200_000));

async function hashed(algorithm: string, bytes: readonly Buffer[], ...rest: [null?]): Promise<string> {
  const hash = new ThreadedHash(algorithm, undefined, ...rest);
  try {
    for (const piece of bytes) await hash.update(piece);
    return await hash.digest();
  } finally {
    await hash.close();
  }
}

describe('a hash on another thread', () => {
  it.each(['sha256', 'sha384', 'sha512'])('gives the %s of all bytes in order', async (algorithm) => {
    expect(await hashed(algorithm, pieces)).toBe(
      createHash(algorithm).update(Buffer.concat(pieces)).digest('hex'),
    );
  });

  it('gives the same where OpenSSL cannot be called', async () => {
    expect(await hashed('sha256', pieces, null)).toBe(await hashed('sha256', pieces));
  });

  it('takes no more once it is closed, where OpenSSL cannot be called, too', async () => {
    const free: Buffer[] = [];
    const hash = new ThreadedHash('sha256', (bytes) => free.push(bytes), null);
    expect(hash.update(Buffer.from('a'))).toBeUndefined();
    await hash.digest();
    await hash.close();
    expect(hash.update(Buffer.from('b'))).toBeUndefined();
    expect(free).toEqual([Buffer.from('a')]);
  });

  it('gives the digest of nothing', async () => {
    expect(await hashed('sha256', [])).toBe(createHash('sha256').digest('hex'));
  });

  it('has its caller wait when a megabyte was not hashed yet, and says which bytes are free', async () => {
    const free: Buffer[] = [];
    const hash = new ThreadedHash('sha256', (bytes) => free.push(bytes));
    const large = randomBytes(400_000);
    expect(hash.update(large)).toBeUndefined();
    expect(hash.update(large)).toBeUndefined();
    const room = hash.update(large);
    expect(room).toBeInstanceOf(Promise);
    await room;
    expect(free.length).toBeGreaterThanOrEqual(2);
    await hash.digest();
    expect(free).toEqual([large, large, large]);
    await hash.close();
  });

  it('can be closed in the middle by one while another waits for room', async () => {
    const hash = new ThreadedHash('sha256');
    const room = hash.update(randomBytes(3_000_000));
    await hash.close();
    await room;
    expect(hash.update(randomBytes(10))).toBeUndefined();
  });
});
