// The calling side of the JSON-RPC door, also against services that do not behave.
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OrgVarlinkServiceClient } from '../../../src/generated/org-varlink-service.js';
import { connect as connectAnywhere } from '../../../src/rpc/client.js';
import { InterfaceNotFound, TimeoutError } from '../../../src/rpc/index.js';
import type { JsonRpcConnection } from '../../../src/rpc/jsonrpc/client.js';
import { connect } from '../../../src/rpc/jsonrpc/client.js';
import { JsonRpcServer } from '../../../src/rpc/jsonrpc/server.js';
import { listen } from '../../../src/rpc/listen.js';
import { OrgExampleFlagsClient, orgExampleFlags } from '../../codegen/golden/org-example-flags.js';
import { Deferred, FlagsService } from '../../protocol/flags-service.js';
import type { Running } from '../../protocol/serve.js';
import { serve } from '../../protocol/serve.js';
import { settled, until } from '../../protocol/until.js';

const raw = (value: unknown): unknown => value;

describe('a JSON-RPC connection to a service', () => {
  let running: Running;
  let service: FlagsService;
  let connection: JsonRpcConnection;
  let client: OrgExampleFlagsClient;
  let calls: number;

  beforeEach(async () => {
    service = new FlagsService();
    running = await serve([[orgExampleFlags, service]], {
      door: JsonRpcServer,
      onActivity: (activity) => {
        ({ calls } = activity);
      },
    });
    connection = await connect(running.address);
    client = new OrgExampleFlagsClient(connection);
  });

  afterEach(async () => {
    await connection.close();
    await running[Symbol.asyncDispose]();
  });

  it('gives every call its own reply when many are made at once', async () => {
    const made = Array.from({ length: 1000 }, (_, code) =>
      code % 2 === 0
        ? client.count({ to: code })
        : client.fail({ code: code + 200 }).catch((error: unknown) => error),
    );
    const replies = await Promise.all(made);
    expect(replies).toMatchObject(
      made.map((_, code) => (code % 2 === 0 ? { number: code } : { parameters: { code: code + 200 } })),
    );
  });

  it('makes more calls at once than both sockets can hold', async () => {
    const what = 'x'.repeat(5000);
    const made = Array.from({ length: 500 }, async (_, code) => {
      const message = `${what}${code}`;
      const error = await client.fail({ code: 200, message }).catch((problem: unknown) => problem);
      expect(error).toMatchObject({ parameters: { message } });
    });
    await Promise.all(made);
    expect(made).toHaveLength(500);
  });

  it('has calls answered while others run and stream', async () => {
    const slow = client.fail({ code: 102 }).catch((error: unknown) => error);
    const numbers: number[] = [];
    for await (const { number } of client.countMore({ to: 1e15 })) {
      numbers.push(number);
      expect(await client.talk({})).toEqual({ protocol: 'varlink' });
      if (number === 5) break;
    }
    expect(numbers).toEqual([1, 2, 3, 4, 5]);
    service.go.resolve();
    expect(await slow).toMatchObject({ name: 'Failed', parameters: { code: 102 } });
  });

  it('gets the last reply only, and the whole of it, where it asks for one', async () => {
    expect(await client.count({ to: 7 })).toEqual({ number: 7 });
    await expect(connection.call('org.example.flags.Watch', { to: 1 }, raw)).rejects.toMatchObject({
      name: 'ExpectedMore',
    });
  });

  it('sends notifications, which nobody answers', async () => {
    await connection.oneway('org.example.flags.Forget', { what: 'a' });
    await connection.oneway('org.example.flags.Fail', { code: 1 });
    await connection.oneway('org.example.flags.Nothing', {});
    await client.forget({ what: 'b' });
    expect(service.forgotten).toEqual(['a', 'b']);
  });

  it('cancels a stream whose loop is left, and nothing else', async () => {
    const other = client.fail({ code: 102 }).catch((error: unknown) => error);
    for await (const { number } of client.countMore({ to: 1e15 })) if (number === 3) break;
    expect(await service.abandoned.promise).toBe('returned');
    await until(() => calls === 1);
    expect(await client.talk({})).toEqual({ protocol: 'varlink' });
    service.go.resolve();
    expect(await other).toMatchObject({ parameters: { code: 102 } });
  });

  it('cancels a call when its signal says so, and nothing else', async () => {
    const abort = new AbortController();
    const call = client.fail({ code: 100 }, { signal: abort.signal });
    await service.waiting.promise;
    abort.abort(new RangeError('enough'));
    await expect(call).rejects.toThrow('enough');
    expect(await service.abandoned.promise).toMatchObject({ code: 'CANCELLED' });
    expect(await client.talk({})).toEqual({ protocol: 'varlink' });
  });

  it('cancels a call that takes too long, and nothing else', async () => {
    await expect(client.fail({ code: 100 }, { timeout: 20 })).rejects.toBeInstanceOf(TimeoutError);
    expect(await service.abandoned.promise).toMatchObject({ code: 'CANCELLED' });
    expect(await client.talk({}, { timeout: 20_000 })).toEqual({ protocol: 'varlink' });
  });

  it('does not send a call that was given up before', async () => {
    const signal = AbortSignal.abort(new RangeError('enough'));
    await expect(client.forget({ what: 'x' }, { signal })).rejects.toThrow('enough');
    await expect(connection.oneway('org.example.flags.Forget', { what: 'y' }, { signal })).rejects.toThrow(
      'enough',
    );
    await client.talk({});
    expect(service.forgotten).toEqual([]);
  });

  it('refuses to hand the connection over, and keeps it', async () => {
    await expect(client.talkUpgrade({})).rejects.toMatchObject({ code: 'UPGRADE_UNSUPPORTED' });
    expect(await client.talk({})).toEqual({ protocol: 'varlink' });
  });

  it('tells what became of each of several calls', async () => {
    const outcomes = await connection.pipeline(() => [
      client.talk({}),
      client.fail({ code: 3 }),
      client.count({ to: 2 }),
    ]);
    expect(outcomes).toMatchObject([
      { value: { protocol: 'varlink' } },
      { reason: { name: 'Failed' } },
      { value: { number: 2 } },
    ]);
  });

  it('fails calls that wait when it is closed', async () => {
    const call = client.fail({ code: 100 });
    await service.waiting.promise;
    const closed = connection.close();
    await expect(call).rejects.toMatchObject({ code: 'CONNECTION_CLOSED', mayHaveRun: true });
    await closed;
    await expect(client.talk({})).rejects.toMatchObject({ code: 'CONNECTION_CLOSED', mayHaveRun: false });
    await connection.close();
  });

  it('reads the service interface, and knows its errors', async () => {
    const introspection = new OrgVarlinkServiceClient(connection);
    expect(await introspection.getInfo({})).toMatchObject({ product: 'test' });
    expect(await introspection.getInterfaceDescription({ interface: 'org.example.flags' })).toEqual({
      description: orgExampleFlags.description,
    });
    await expect(introspection.getInterfaceDescription({ interface: 'x.y' })).rejects.toBeInstanceOf(
      InterfaceNotFound,
    );
  });

  it('is had from the same function as any other, by its address', async () => {
    await using other = await connectAnywhere(`jsonrpc+${running.address}`);
    expect(await new OrgExampleFlagsClient(other).talk({})).toEqual({ protocol: 'varlink' });
  });
});

describe('a JSON-RPC connection to something else', () => {
  let directory: string;
  let server: Server;
  let address: string;
  let answer: (socket: Socket, line: string) => void;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'client-'));
    server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (bytes) => {
        for (const line of bytes.toString().split('\n').slice(0, -1)) answer(socket, line);
      });
    });
    ({ address } = await listen(server, `unix:${directory}/socket`));
  });

  afterEach(async () => {
    // Late lines of one test are not for the next.
    await new Promise((resolve) => server.close(resolve));
    rmSync(directory, { recursive: true });
  });

  it('writes what any server of JSON-RPC understands', async () => {
    const lines: unknown[] = [];
    answer = (socket, line) => {
      const { id } = JSON.parse(line) as { id?: number };
      lines.push(JSON.parse(line));
      if (id !== undefined) socket.write(`{"jsonrpc":"2.0","id":${id},"result":{}}\r\n\n`);
    };
    await using connection = await connect(address);
    await connection.call('a.b.C', { x: [1] }, raw);
    for await (const reply of connection.more('a.b.D', {}, raw)) expect(reply).toEqual({});
    await connection.oneway('a.b.E', {});
    await connection.call('a.b.F', {}, raw);
    expect(lines).toEqual([
      { jsonrpc: '2.0', method: 'a.b.C', params: { x: [1] }, more: false, id: 1 },
      { jsonrpc: '2.0', method: 'a.b.D', params: {}, id: 2 },
      { jsonrpc: '2.0', method: 'a.b.E', params: {} },
      { jsonrpc: '2.0', method: 'a.b.F', params: {}, more: false, id: 3 },
    ]);
  });

  it.each([
    ['no JSON', 'HTTP/1.1 400 Bad Request\r\n', 'a line is not JSON'],
    ['a number', '1\n', 'a line is not an object'],
    ['null', 'null\n', 'a line is not an object'],
    ['an empty list', '[]\n', 'a line is neither a response nor a notification'],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22, 10]), 'a message is not UTF-8'],
    [
      'an error without a code',
      '{"jsonrpc":"2.0","id":1,"error":{}}\n',
      'an error has no code or no message',
    ],
    ['null for an error', '{"jsonrpc":"2.0","id":1,"error":null}\n', 'an error has no code or no message'],
    [
      'an error for nobody',
      '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"what?"}}\n',
      'the service takes a call for none: what?',
    ],
  ])('fails at %s and ends', async (_, bytes, problem) => {
    answer = (socket) => socket.write(bytes);
    await using connection = await connect(address);
    await expect(connection.call('a.b.C', {}, raw)).rejects.toMatchObject({
      name: 'ProtocolError',
      message: problem,
    });
    await expect(connection.call('a.b.C', {}, raw)).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  });

  it('ignores what it did not ask for', async () => {
    answer = (socket) =>
      socket.write(
        [
          '{"jsonrpc":"2.0","id":99,"result":{}}',
          '{"jsonrpc":"2.0","id":"1","result":{"wrong":true}}',
          '{"jsonrpc":"2.0","method":"$/reply","params":{"id":1,"parameters":{"early":true}}}',
          '{"jsonrpc":"2.0","method":"$/reply","params":{"id":98,"parameters":{}}}',
          '{"jsonrpc":"2.0","method":"$/reply"}',
          '{"jsonrpc":"2.0","method":"window/showMessage","params":[]}',
          '',
          '{"jsonrpc":"2.0","id":1,"result":{"x":1,"unknown":[]},"com.example.trace":1}',
          '',
        ].join('\n'),
      );
    await using connection = await connect(address);
    expect(await connection.call('a.b.C', {}, raw)).toEqual({ x: 1, unknown: [] });
  });

  it('says so when the other side hangs up', async () => {
    answer = (socket) => socket.end('{"jsonrpc":"2.0"');
    await using connection = await connect(address);
    await expect(connection.call('a.b.C', {}, raw)).rejects.toMatchObject({
      message: 'a.b.C: the service has closed the connection',
      mayHaveRun: true,
    });
  });

  it('takes replies that came before the other side hung up', async () => {
    answer = (socket, line) => {
      if (!line.includes('"id":3')) return;
      const reply = '{"jsonrpc":"2.0","method":"$/reply","params":{"id":1,"parameters":{"n":0}}}\n';
      socket.end(`${reply}${reply}{"jsonrpc":"2.0","id":3,"result":{"n":3}}\n`);
    };
    await using connection = await connect(address);
    const stream = connection.more('a.b.S', {}, raw)[Symbol.asyncIterator]();
    const first = stream.next();
    const [second, third] = [2, 3].map(() => connection.call('a.b.C', {}, raw));
    await expect(second).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    expect(await third).toEqual({ n: 3 });
    expect([await first, await stream.next()]).toEqual([
      { done: false, value: { n: 0 } },
      { done: false, value: { n: 0 } },
    ]);
    await expect(stream.next()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  });

  it.each<[string, object]>([
    [
      '{"code":-32601,"message":"m","data":{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"C"}}}',
      { name: 'MethodNotFound', parameters: { method: 'C' } },
    ],
    [
      '{"code":-32602,"message":"m","data":{"parameter":"x.y"}}',
      { name: 'InvalidParameter', parameters: { parameter: 'x.y' } },
    ],
    [
      '{"code":-32000,"message":"m","data":{"error":"io.systemd.System","parameters":{"errno":5}}}',
      { name: 'UnknownError', error: 'io.systemd.System', parameters: { errno: 5 } },
    ],
    [
      '{"code":-32000,"message":"m","data":{"error":"__proto__"}}',
      { name: 'UnknownError', error: '__proto__', parameters: {} },
    ],
    ['{"code":-32601,"message":"m"}', { name: 'JsonRpcError', number: -32601, message: 'm' }],
    [
      '{"code":-32099,"message":"m","data":[1]}',
      { name: 'JsonRpcError', code: 'JSONRPC_ERROR', number: -32099, data: [1] },
    ],
  ])('knows the error in %s', async (error, expected) => {
    answer = (socket) => socket.write(`{"jsonrpc":"2.0","id":1,"error":${error}}\n`);
    await using connection = await connect(address);
    await expect(connection.call('a.b.C', {}, raw)).rejects.toMatchObject(expected);
  });

  it('reads a stream no faster than it is taken, unless another call waits', async () => {
    let sent = 0;
    const filler = 'x'.repeat(10_000);
    const flood = new Deferred<Socket>();
    answer = (socket, line) => {
      if (line.includes('a.b.Single')) {
        socket.write('{"jsonrpc":"2.0","id":2,"result":{}}\n');
        return;
      }
      const text = `{"jsonrpc":"2.0","method":"$/reply","params":{"id":1,"parameters":{"f":"${filler}"}}}\n`;
      const send = (): void => {
        while (sent < 900 && socket.write(text)) sent++;
      };
      socket.on('drain', send);
      send();
      flood.resolve(socket);
    };
    await using connection = await connect(address);
    for await (const _ of connection.more('a.b.S', {}, raw)) {
      await flood.promise;
      expect(await settled(() => sent)).toBeLessThan(300);
      expect(await connection.call('a.b.Single', {}, raw)).toEqual({});
      break;
    }
  });

  it('tells the service once that a stream is over for it', async () => {
    const lines: string[] = [];
    answer = (socket, line) => {
      lines.push(line);
      if (lines.length === 1)
        socket.write('{"jsonrpc":"2.0","method":"$/reply","params":{"id":1,"parameters":{}}}\n');
      else socket.write('{"jsonrpc":"2.0","id":1,"error":{"code":-32001,"message":"cancelled"}}\n');
      if (lines.length === 3) socket.end();
    };
    await using connection = await connect(address);
    for await (const _ of connection.more('a.b.S', {}, raw)) break;
    await expect(connection.call('a.b.C', {}, raw)).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    expect(lines[1]).toBe('{"jsonrpc":"2.0","method":"$/cancel","params":{"id":1}}');
    expect(lines).toHaveLength(3);
  });

  it('names the address where nobody listens', async () => {
    await expect(connect(`unix:${directory}/none`)).rejects.toMatchObject({
      code: 'CONNECTION_CLOSED',
      message: expect.stringMatching(/^connect to unix:.*none: connect ENOENT/),
    });
    const listening = once(server, 'connection');
    await (await connect(address)).close();
    await listening;
  });
});
