import { describe, expect, it } from '@jest/globals';
import { FairQueue } from '../../src/store/fair-queue.js';

/** Enters and notes when it is inside. */
function enter(queue: FairQueue, mode: 'read' | 'write', log: string[], name: string, signal?: AbortSignal) {
  return queue.enter(mode, signal).then((leave) => {
    log.push(name);
    return leave;
  });
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('the queue', () => {
  it('lets readers in together and a writer alone', async () => {
    const queue = new FairQueue();
    const log: string[] = [];
    const first = await enter(queue, 'read', log, 'r1');
    const second = await enter(queue, 'read', log, 'r2');
    const writer = enter(queue, 'write', log, 'w');
    await settle();
    expect(log).toEqual(['r1', 'r2']);
    first();
    await settle();
    expect(log).toEqual(['r1', 'r2']);
    second();
    (await writer)();
    expect(log).toEqual(['r1', 'r2', 'w']);
  });

  it('keeps the order: a reader does not overtake a waiting writer', async () => {
    const queue = new FairQueue();
    const log: string[] = [];
    const first = await enter(queue, 'read', log, 'r1');
    const writer = enter(queue, 'write', log, 'w');
    const late = enter(queue, 'read', log, 'r2');
    await settle();
    expect(log).toEqual(['r1']);
    first();
    const leaveWriter = await writer;
    await settle();
    expect(log).toEqual(['r1', 'w']);
    leaveWriter();
    (await late)();
    expect(log).toEqual(['r1', 'w', 'r2']);
  });

  it('forgets a waiter whose signal is aborted and lets those behind it in', async () => {
    const queue = new FairQueue();
    const log: string[] = [];
    const first = await enter(queue, 'read', log, 'r1');
    const controller = new AbortController();
    const writer = enter(queue, 'write', log, 'w', controller.signal);
    const late = enter(queue, 'read', log, 'r2');
    controller.abort(new Error('gone'));
    await expect(writer).rejects.toThrow('gone');
    (await late)();
    first();
    expect(log).toEqual(['r1', 'r2']);
  });

  it('does not let in who comes with an aborted signal', async () => {
    await expect(new FairQueue().enter('read', AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
  });

  it('counts a second leaving of the same user for nothing', async () => {
    const queue = new FairQueue();
    const leave = await queue.enter('read');
    const other = await queue.enter('read');
    leave();
    leave();
    const log: string[] = [];
    const writer = enter(queue, 'write', log, 'w');
    await settle();
    expect(log).toEqual([]);
    other();
    (await writer)();
  });
});
