import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { LayerQueue, type OpenedFile, type QueuedJob } from '../../../src/runtime/layers/layer-queue.js';

interface Job extends QueuedJob {
  readonly name: string;
}

const any = (): boolean => true;
const nothing: readonly OpenedFile[] = [];

function plain(name: string): Job {
  return { name, blob: { kind: 'file', path: '/plain', offset: 0, length: 1 } };
}

function piece(offset: number, path = '/packed'): Job {
  return { name: `${path} ${offset}`, blob: { kind: 'packed', path, offset, length: 10 } };
}

describe('what waits for a layer worker', () => {
  let ready: number;
  let queue: LayerQueue<Job>;

  beforeEach(() => {
    jest.useFakeTimers();
    ready = 0;
    queue = new LayerQueue<Job>(() => ready++);
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  function add(...jobs: Job[]): void {
    for (const job of jobs) queue.add(job, nothing);
  }

  function names(opened: readonly OpenedFile[] = nothing): string[] {
    const taken: string[] = [];
    for (let job = queue.next(opened, any); job !== undefined; job = queue.next(opened, any))
      taken.push(job.name);
    return taken;
  }

  it('comes first that came first', () => {
    add(plain('a'), plain('b'), plain('c'));
    expect(names()).toEqual(['a', 'b', 'c']);
  });

  it('may be passed by what fits', () => {
    add(plain('a'), plain('b'));
    expect(queue.next(nothing, ({ name }) => name === 'b')?.name).toBe('b');
    expect(queue.next(nothing, () => false)).toBeUndefined();
    expect(names()).toEqual(['a']);
  });

  it('waits a moment for other pieces of its file, which then come in their order', () => {
    add(piece(30), plain('a'));
    expect(names()).toEqual(['a']);
    add(piece(10), piece(20));
    jest.advanceTimersByTime(100);
    expect(ready).toBe(1);
    expect(names()).toEqual(['/packed 10', '/packed 20', '/packed 30']);
  });

  it('goes on from where the file was read to, and begins anew with what is behind', () => {
    const opened = { path: '/packed', position: 20, busy: false };
    for (const job of [piece(10), piece(30), piece(20)]) queue.add(job, [opened]);
    expect(names([opened])).toEqual(['/packed 20', '/packed 30', '/packed 10']);
  });

  it('waits while its file is read, as no other does', () => {
    const opened = { path: '/packed', position: 20, busy: true };
    for (const job of [piece(30), plain('a')]) queue.add(job, [opened]);
    expect(names([opened])).toEqual(['a']);
    expect(names([{ ...opened, busy: false }])).toEqual(['/packed 30']);
  });

  it('can be taken back, one or all', () => {
    const first = plain('a');
    add(first, plain('b'), piece(10));
    expect(queue.remove(first)).toBe(true);
    expect(queue.remove(first)).toBe(false);
    expect(queue.removeAll().map(({ name }) => name)).toEqual(['b', '/packed 10']);
    jest.advanceTimersByTime(100);
    expect(ready).toBe(0);
    expect(names()).toEqual([]);
  });
});
