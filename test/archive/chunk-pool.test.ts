import { describe, expect, it } from '@jest/globals';
import { ChunkPool } from '../../src/archive/chunk-pool.js';

describe('the pool of chunks', () => {
  it('gives a chunk again when everybody who held it or a part of it has released it', () => {
    const pool = new ChunkPool(100);
    const chunk = pool.take();
    pool.hold(chunk.subarray(10, 20));
    pool.release(chunk);
    expect(pool.take().buffer).not.toBe(chunk.buffer);
    pool.release(chunk.subarray(50));
    const again = pool.take();
    expect(again.buffer).toBe(chunk.buffer);
    expect(again).toHaveLength(100);
  });

  it('never takes in memory that is not its own, nor a chunk twice', () => {
    const pool = new ChunkPool(100);
    const chunk = pool.take();
    const foreign = Buffer.alloc(100);
    for (const buffer of [foreign, chunk, chunk]) pool.release(buffer);
    pool.hold(foreign);
    const taken = [pool.take(), pool.take()];
    expect(taken[0]?.buffer).toBe(chunk.buffer);
    expect(taken[1]?.buffer).not.toBe(chunk.buffer);
    expect(taken[1]?.buffer).not.toBe(foreign.buffer);
  });

  it('keeps a few at most', () => {
    const pool = new ChunkPool(1);
    const many = new Set(Array.from({ length: 100 }, () => pool.take()));
    for (const chunk of many) pool.release(chunk);
    const memory = new Set([...many].map((chunk) => chunk.buffer));
    const kept = Array.from({ length: 100 }, () => pool.take()).filter((chunk) => memory.has(chunk.buffer));
    expect(kept).toHaveLength(16);
  });
});
