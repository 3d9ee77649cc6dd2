import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ahead, gathered } from '../../src/archive/ahead.js';
import { ChunkPool } from '../../src/archive/chunk-pool.js';

async function* numbers(count: number, made: number[] = []): AsyncGenerator<number, void> {
  for (let n = 0; n < count; n++) {
    made.push(n);
    yield n;
  }
}

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('reading ahead', () => {
  it('gives everything in order', async () => {
    const seen: number[] = [];
    for await (const n of ahead(numbers(10), 3)) seen.push(n);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('has as many made as it was told while one is worked on, and no more', async () => {
    const made: number[] = [];
    const reader = ahead(numbers(10, made), 2);
    expect((await reader.next()).value).toBe(0);
    await soon();
    expect(made).toEqual([0, 1, 2]);
    await reader.return();
  });

  it('throws what the source threw, after what came before it', async () => {
    const source = async function* (): AsyncGenerator<number, void> {
      yield 1;
      await soon();
      throw new Error('broken');
    };
    const seen: number[] = [];
    const reading = (async () => {
      for await (const n of ahead(source(), 2)) seen.push(n);
    })();
    await expect(reading).rejects.toThrow('broken');
    expect(seen).toEqual([1]);
  });

  it('ends the source when it is left, without waiting for it', async () => {
    let ended = false;
    let release = (): void => undefined;
    const stuck = new Promise<void>((resolve) => {
      release = resolve;
    });
    const source = async function* (): AsyncGenerator<number, void> {
      try {
        yield 1;
        await stuck;
        yield 2;
      } finally {
        ended = true;
      }
    };
    for await (const _ of ahead(source(), 2)) break;
    expect(ended).toBe(false);
    release();
    await soon();
    expect(ended).toBe(true);
  });
});

describe('gathering pieces', () => {
  it('fills whole chunks with the same bytes, whatever the pieces', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), async (arrays) => {
        const pieces = arrays.map((array) => Buffer.from(array));
        const source = async function* (): AsyncGenerator<Buffer, void> {
          yield* pieces;
        };
        const chunks: Buffer[] = [];
        for await (const chunk of gathered(source(), new ChunkPool(16))) chunks.push(chunk);
        expect(Buffer.concat(chunks).equals(Buffer.concat(pieces))).toBe(true);
        expect(chunks.slice(0, -1).every((chunk) => chunk.length === 16)).toBe(true);
        expect(chunks.every((chunk) => chunk.length > 0)).toBe(true);
      }),
    );
  });
});
