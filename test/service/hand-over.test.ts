// Connections that methods take over, and what becomes of the files that were opened for them.
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ConnectionScope, type RawConnection, type UseConnection } from '../../src/rpc/index.js';
import { handOver, requireUpgrade } from '../../src/service/hand-over.js';

const never = new Promise<never>(() => undefined);

function callOn(connection: ConnectionScope) {
  let taken: UseConnection | undefined;
  const peer = { uid: 0, gid: 0, pid: 1 };
  const { signal } = new AbortController();
  const upgrade = (use: UseConnection): void => {
    taken = use;
  };
  const call = { more: false, oneway: false, peer, signal, connection, upgrade };
  return { call, take: (raw: RawConnection) => taken?.(raw) };
}

function rawConnection(parts: Partial<RawConnection>): RawConnection {
  async function* nothing(): AsyncGenerator<Buffer> {}
  return { read: nothing, write: async () => undefined, end: () => undefined, ...parts };
}

describe('a connection that is handed over', () => {
  let disposed: number;
  const opened = { [Symbol.asyncDispose]: async () => void (disposed += 1) };

  beforeEach(() => {
    disposed = 0;
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('is used once, and what was opened for it is closed once', async () => {
    const connection = new ConnectionScope();
    const { call, take } = callOn(connection);
    handOver(call, opened, async (raw) => await raw.write(Buffer.from('x')));
    expect(disposed).toBe(0);
    await take(rawConnection({}));
    expect(disposed).toBe(1);
    connection.end();
    expect(disposed).toBe(1);
  });

  it('leaves nothing open if nobody is there to take it', () => {
    const connection = new ConnectionScope();
    handOver(callOn(connection).call, opened, async () => undefined);
    connection.end();
    expect(disposed).toBe(1);
  });

  it.each<[string, Partial<RawConnection>, UseConnection]>([
    [
      'sends nothing',
      { read: () => ({ [Symbol.asyncIterator]: () => ({ next: () => never }) }) },
      async (raw) => {
        for await (const _ of raw.read()) throw new Error('there is nothing');
      },
    ],
    ['takes nothing', { write: () => never }, async (raw) => await raw.write(Buffer.from('x'))],
  ])('is taken away from a caller that %s for ten minutes', async (_, parts, use) => {
    const { call, take } = callOn(new ConnectionScope());
    handOver(call, opened, use);
    const outcome = Promise.resolve(take(rawConnection(parts))).catch((error: Error) => error.message);
    await jest.advanceTimersByTimeAsync(10 * 60_000 - 1);
    expect(disposed).toBe(0);
    await jest.advanceTimersByTimeAsync(1);
    expect(await outcome).toBe('the caller does not go on with its file');
    expect(disposed).toBe(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('is asked for in the words of 2020', () => {
    const { call } = callOn(new ConnectionScope());
    expect(() => requireUpgrade(call)).not.toThrow();
    expect(() => requireUpgrade({ ...call, upgrade: undefined })).toThrow(
      'client must use upgraded connection to send files',
    );
  });
});
