import { describe, expect, it } from '@jest/globals';
import { OperationTable, type Operation } from '../../src/runtime/operation.js';

const request = { kind: 'pull', target: 'example.com/a:1', pid: 7 } as const;

async function collect(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

describe('an operation', () => {
  it('gives every line to its reader once, those before and those after the reader came', async () => {
    const table = new OperationTable();
    const { operation, result } = table.run(
      request,
      async (running) => {
        running.log('one');
        running.log('two');
        await new Promise((resolve) => setImmediate(resolve));
        running.log('three');
        return 42;
      },
      new AbortController().signal,
    );
    expect(await collect(operation.lines())).toEqual(['one\n', 'two\n', 'three\n']);
    expect(await result).toBe(42);
  });

  it('is in the table while it runs and out of it when its clean-up is over', async () => {
    const table = new OperationTable();
    let finish = (): void => undefined;
    const { operation, result } = table.run(
      request,
      () => new Promise<void>((resolve) => (finish = resolve)),
      new AbortController().signal,
    );
    expect(table.running).toEqual([operation]);
    finish();
    await result;
    expect(table.running).toEqual([]);
    expect(operation.phase).toBe('done');
  });

  it('is aborted when its caller goes away, with the reason', async () => {
    const table = new OperationTable();
    const caller = new AbortController();
    const { operation, result } = table.run(request, untilAborted, caller.signal);
    caller.abort(new Error('the client left'));
    await expect(result).rejects.toThrow('the client left');
    expect(operation.phase).toBe('failed');
    expect(await collect(operation.lines())).toEqual([]);
  });

  it('is aborted at once when its caller was gone before it began', async () => {
    const { result } = new OperationTable().run(request, untilAborted, AbortSignal.abort(new Error('gone')));
    await expect(result).rejects.toThrow('gone');
  });

  it('has ended when everything was told to stop', async () => {
    const table = new OperationTable();
    let undone = false;
    const { result } = table.run(
      request,
      async (operation) => {
        try {
          await untilAborted(operation);
        } finally {
          await new Promise((resolve) => setTimeout(resolve, 5));
          undone = true;
        }
      },
      new AbortController().signal,
    );
    await table.abortAll(new Error('imaged stops'));
    expect(undone).toBe(true);
    await expect(result).rejects.toThrow('imaged stops');
  });

  it('makes work with unbounded output wait for its reader', async () => {
    const table = new OperationTable();
    const { operation, result } = table.run(
      request,
      async (running) => {
        let lines = 0;
        while (lines < 40) {
          await running.room();
          running.log('x'.repeat(100_000));
          lines += 1;
        }
        return lines;
      },
      new AbortController().signal,
    );
    await new Promise((resolve) => setImmediate(resolve));
    const waiting = operation.takeLines();
    expect(waiting.length).toBeLessThan(40);
    expect((await collect(operation.lines())).length + waiting.length).toBe(40);
    expect(await result).toBe(40);
  });

  it('tells who watches that a counter changed', () => {
    const table = new OperationTable();
    const seen: number[] = [];
    table.events.on('change', (operation) => seen.push(operation.blobs[0]?.done ?? -1));
    const { operation, result } = table.run(request, untilAborted, new AbortController().signal);
    operation.report({ digest: 'sha256:a', done: 5, total: 9, state: 'copying' });
    expect(seen).toEqual([-1, 5]);
    operation.abort(new Error('enough'));
    return expect(result).rejects.toThrow('enough');
  });
});

function untilAborted(operation: Operation): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => reject(operation.signal.reason as Error);
    if (operation.signal.aborted) fail();
    else operation.signal.addEventListener('abort', fail, { once: true });
  });
}
