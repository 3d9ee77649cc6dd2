// From calls to methods and from what they do to replies, without any connection.
import { describe, expect, it } from '@jest/globals';
import type { CallContext, IncomingCall, InterfaceDescriptor } from '../../src/rpc/index.js';
import {
  checkEmpty,
  ConnectionScope,
  Dispatcher,
  gathered,
  reusable,
  unknownPeer,
  UnknownError,
  VarlinkError,
} from '../../src/rpc/index.js';

const descriptor: InterfaceDescriptor = {
  name: 'a.b',
  description: '',
  unknownFields: 'refuse',
  methods: {
    Get: { handler: 'get', stream: false, check: checkEmpty },
    GetRenamed: {
      handler: 'get',
      stream: false,
      check: checkEmpty,
      write: (reply: { someName: number }) => ({ some_name: reply.someName }),
    },
    HandOver: { handler: 'get', stream: false, requires: 'upgrade', check: checkEmpty },
    Watch: { handler: 'stream', stream: true, requires: 'more', check: checkEmpty },
    Stream: { handler: 'stream', stream: true, check: checkEmpty },
  },
  errors: {},
};

function call(method: string, flags: Partial<IncomingCall> = {}): IncomingCall {
  return {
    method: `a.b.${method}`,
    parameters: undefined,
    more: false,
    oneway: false,
    upgrade: false,
    door: 'varlink',
    ...flags,
  };
}

function context(signal = new AbortController().signal): CallContext {
  return { more: false, oneway: false, peer: unknownPeer, signal, connection: new ConnectionScope() };
}

async function replies(
  dispatcher: Dispatcher,
  incoming: IncomingCall,
  given = context(),
): Promise<unknown[]> {
  const all: unknown[] = [];
  const last = await dispatcher.run(incoming, given, (reply) => void all.push(reply));
  return [...all, last];
}

function serving(service: object, options = {}): Dispatcher {
  const dispatcher = new Dispatcher();
  dispatcher.serve(descriptor, service, options);
  return dispatcher;
}

describe('Dispatcher', () => {
  it('calls the method as a member of its service', async () => {
    class Service {
      readonly #answer = 42;
      get = async (): Promise<object> => ({ answer: this.#answer });
      async *stream(): AsyncGenerator<object, object, void> {
        yield { answer: this.#answer - 1 };
        return { answer: this.#answer };
      }
    }
    expect(await replies(serving(new Service()), call('Get'))).toEqual(['{"answer":42}']);
    expect(await replies(serving(new Service()), call('Stream', { more: true }))).toEqual([
      '{"answer":41}',
      '{"answer":42}',
    ]);
    expect(await replies(serving(new Service()), call('Stream'))).toEqual(['{"answer":42}']);
  });

  it('refuses a call without the flag that its method requires', async () => {
    const dispatcher = serving({ get: async () => ({}), stream: async function* () {} });
    await expect(replies(dispatcher, call('HandOver'))).rejects.toMatchObject({
      error: 'org.varlink.service.ExpectedUpgrade',
      parameters: {},
    });
    await expect(replies(dispatcher, call('Watch'))).rejects.toMatchObject({
      error: 'org.varlink.service.ExpectedMore',
      parameters: {},
    });
    expect(await replies(dispatcher, call('HandOver', { upgrade: true }))).toEqual(['{}']);
  });

  it('gives replies their names on the wire', async () => {
    expect(await replies(serving({ get: async () => ({ someName: 1 }) }), call('GetRenamed'))).toEqual([
      '{"some_name":1}',
    ]);
  });

  it('answers with an empty object where a method returns nothing', async () => {
    expect(await replies(serving({ get: async () => {} }), call('Get'))).toEqual(['{}']);
  });

  it('serialises a reusable reply once, with its names on the wire', async () => {
    let read = 0;
    const reply = reusable({
      get someName() {
        return ++read;
      },
    });
    const dispatcher = serving({ get: async () => reply });
    const [first] = await replies(dispatcher, call('GetRenamed'));
    const [second] = await replies(dispatcher, call('GetRenamed'));
    expect(String(first)).toBe('{"some_name":1}');
    expect(second).toBe(first);
    expect(read).toBe(1);
  });

  it.each([
    ['all batches', [[{ a: 1 }, { a: 2 }], [], [{ a: 3 }]], '{"list":[{"a":1},{"a":2},{"a":3}]}'],
    ['none', [], '{"list":[]}'],
    ['empty batches only', [[], []], '{"list":[]}'],
  ])('serialises a list while it is gathered: %s', async (_, batches, text) => {
    async function* coming() {
      yield* batches;
    }
    const dispatcher = serving({ get: async () => await gathered('list', coming()) });
    expect(String((await replies(dispatcher, call('Get')))[0])).toBe(text);
  });

  it('turns errors of the inside into those of the interface where it is told how', async () => {
    const failing = {
      get: async () => {
        throw new RangeError('too far');
      },
    };
    const errorFor = (error: unknown, method: string): VarlinkError | undefined =>
      error instanceof RangeError ? new UnknownError('a.b.TooFar', { reason: method }) : undefined;
    await expect(replies(serving(failing, { errorFor }), call('Get'))).rejects.toMatchObject({
      error: 'a.b.TooFar',
      parameters: { reason: 'a.b.Get' },
    });
    await expect(replies(serving(failing), call('Get'))).rejects.toMatchObject({
      error: 'a.b.InternalError',
    });
  });

  it.each([
    ['a value that JSON has not', async () => ({ size: 5n })],
    [
      'a circle',
      async () => {
        const circle: Record<string, unknown> = {};
        circle['self'] = circle;
        return circle;
      },
    ],
    [
      'a failure that is no error',
      () => {
        // oxlint-disable-next-line typescript/only-throw-error -- that is the case
        throw 'text';
      },
    ],
  ])('answers with an error instead of %s', async (_, get) => {
    await expect(replies(serving({ get }), call('Get'))).rejects.toMatchObject({
      error: 'a.b.InternalError',
    });
    await expect(replies(serving({ get }), call('Get'))).rejects.toBeInstanceOf(VarlinkError);
  });

  it('returns from a stream that is given up, with and without more', async () => {
    const ends: string[] = [];
    const service = {
      async *stream(): AsyncGenerator<object, object, void> {
        try {
          for (;;) yield {};
        } finally {
          ends.push('ended');
        }
      },
    };
    const caller = new AbortController();
    const run = serving(service).run(call('Stream', { more: true }), context(caller.signal), () => {
      caller.abort();
      return undefined;
    });
    await expect(run).rejects.toBeInstanceOf(VarlinkError);
    expect(ends).toEqual(['ended']);
    await expect(
      replies(serving(service), call('Stream'), context(AbortSignal.abort())),
    ).rejects.toBeInstanceOf(VarlinkError);
    expect(ends).toEqual(['ended', 'ended']);
  });
});
