// Which calls run and which wait.
import { describe, expect, it } from '@jest/globals';
import { CallQueue } from '../../../src/rpc/jsonrpc/call-queue.js';

interface Named {
  readonly name: string;
  readonly size: number;
}

class Output {
  full = false;
  drained = (): void => {};
  room(): Promise<void> {
    return new Promise((resolve) => {
      this.drained = resolve;
    });
  }
}

const limits = { calls: 2, readAhead: 100 };
const kib = 1024;

function started(output = new Output()): { queue: CallQueue<Named>; names: string[] } {
  const names: string[] = [];
  const queue = new CallQueue<Named>(limits, output, ({ name }) => names.push(name));
  return { queue, names };
}

describe('a queue of calls', () => {
  it('starts as many as may run, and the next when one has ended', () => {
    const { queue, names } = started();
    const calls = ['a', 'b', 'c'].map((name) => ({ name, size: 10 }));
    for (const call of calls) queue.add(call);
    expect(names).toEqual(['a', 'b']);
    queue.end(calls[1]!);
    expect(names).toEqual(['a', 'b', 'c']);
    for (const call of [calls[0]!, calls[2]!]) queue.end(call);
    expect(queue.idle).toBe(true);
  });

  it('runs a large one alone, in its turn', () => {
    const { queue, names } = started();
    const [small, large, last] = [
      { name: 'small', size: 10 },
      { name: 'large', size: 9000 * kib },
      { name: 'last', size: 10 },
    ] as const;
    for (const call of [small, large, last]) queue.add(call);
    expect(names).toEqual(['small']);
    queue.end(small);
    expect(names).toEqual(['small', 'large']);
    queue.end(large);
    expect(names).toEqual(['small', 'large', 'last']);
  });

  it('is full when too many bytes wait', () => {
    const { queue } = started();
    for (const name of ['a', 'b', 'c']) queue.add({ name, size: 60 });
    expect(queue.full).toBe(false);
    const last = { name: 'd', size: 60 };
    queue.add(last);
    expect(queue.full).toBe(true);
    queue.hurry(last);
    expect(queue.full).toBe(false);
  });

  it('starts one that is hurried before its turn, once', () => {
    const { queue, names } = started();
    const calls = ['a', 'b', 'c', 'd'].map((name) => ({ name, size: 10 }));
    for (const call of calls) queue.add(call);
    queue.hurry(calls[3]!);
    queue.hurry(calls[3]!);
    queue.hurry(calls[0]!);
    expect(names).toEqual(['a', 'b', 'd']);
    expect(queue.calls().map(({ name }) => name)).toEqual(['a', 'b', 'd', 'c']);
  });

  it('starts none while the answers are not read', async () => {
    const output = new Output();
    const { queue, names } = started(output);
    output.full = true;
    for (const name of ['a', 'b']) queue.add({ name, size: 10 });
    expect(names).toEqual([]);
    output.full = false;
    output.drained();
    await Promise.resolve();
    expect(names).toEqual(['a', 'b']);
  });
});
