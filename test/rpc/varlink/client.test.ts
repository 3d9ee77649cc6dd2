// The calling side, also against services that do not behave.
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { InvalidParameter, UnknownError } from '../../../src/rpc/index.js';
import { listen } from '../../../src/rpc/listen.js';
import type { VarlinkConnection } from '../../../src/rpc/varlink/client.js';
import { connect } from '../../../src/rpc/varlink/client.js';
import { OrgVarlinkServiceClient } from '../../../src/generated/org-varlink-service.js';
import { OrgExampleFlagsClient, orgExampleFlags } from '../../codegen/golden/org-example-flags.js';
import { FlagsService } from '../../protocol/flags-service.js';
import type { Running } from '../../protocol/serve.js';
import { serve } from '../../protocol/serve.js';

const raw = (value: unknown): unknown => value;

describe('a connection to a service', () => {
  let running: Running;
  let service: FlagsService;
  let connection: VarlinkConnection;
  let client: OrgExampleFlagsClient;

  beforeEach(async () => {
    service = new FlagsService();
    running = await serve([[orgExampleFlags, service]]);
    connection = await connect(running.address);
    client = new OrgExampleFlagsClient(connection);
  });

  afterEach(async () => {
    await connection.close();
    await running[Symbol.asyncDispose]();
  });

  it('gives every call its own reply when many are made at once', async () => {
    const calls = Array.from({ length: 1000 }, (_, code) =>
      code % 2 === 0
        ? client.count({ to: code })
        : client.fail({ code: code + 200 }).catch((error: unknown) => error),
    );
    const replies = await Promise.all(calls);
    expect(replies).toMatchObject(
      calls.map((_, code) => (code % 2 === 0 ? { number: code } : { parameters: { code: code + 200 } })),
    );
  });

  it('makes more calls at once than both sockets can hold', async () => {
    const what = 'x'.repeat(5000);
    const calls = Array.from({ length: 500 }, async (_, code) => {
      const message = `${what}${code}`;
      const error = await client.fail({ code: 200, message }).catch((problem: unknown) => problem);
      expect(error).toMatchObject({ parameters: { message } });
    });
    await Promise.all(calls);
    expect(calls).toHaveLength(500);
  });

  it('makes calls behind a stream wait for its end', async () => {
    const numbers: number[] = [];
    let later: Promise<unknown> | undefined;
    for await (const { number } of client.countMore({ to: 4 })) {
      later ??= client.talk({}).then(() => numbers.push(0));
      numbers.push(number);
    }
    await later;
    expect(numbers).toEqual([1, 2, 3, 4, 0]);
  });

  it('sends oneway calls in order with the others', async () => {
    await connection.oneway('org.example.flags.Forget', { what: 'a' });
    await connection.oneway('org.example.flags.Fail', { code: 1 });
    await connection.oneway('org.example.flags.Forget', { what: 'b' });
    await client.forget({ what: 'c' });
    expect(service.forgotten).toEqual(['a', 'b', 'c']);
  });

  it('ends the stream, and the connection, when its reader leaves the loop', async () => {
    for await (const { number } of client.countMore({ to: 1e15 })) if (number === 3) break;
    expect(await service.abandoned.promise).toBe('returned');
    await expect(client.talk({})).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  });

  it('keeps the connection when the loop is left at its last reply', async () => {
    for await (const { number } of client.countMore({ to: 3 })) if (number === 3) break;
    expect(await client.talk({})).toEqual({ protocol: 'varlink' });
  });

  it('gives a call up when its signal says so', async () => {
    const abort = new AbortController();
    const call = client.fail({ code: 100 }, { signal: abort.signal });
    const behind = client.talk({});
    await service.waiting.promise;
    abort.abort(new RangeError('enough'));
    await expect(call).rejects.toThrow('enough');
    await expect(behind).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    await service.abandoned.promise;
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

  it('is not harmed by the signal of a call that has ended', async () => {
    const abort = new AbortController();
    await client.talk({}, { signal: abort.signal });
    abort.abort();
    expect(await client.talk({})).toEqual({ protocol: 'varlink' });
  });

  it('makes other calls wait until an upgraded one is released', async () => {
    const { raw: bytes, release } = await client.talkUpgrade({});
    const behind = client.talk({}).catch((error: unknown) => error);
    await bytes.write(Buffer.from('hello'));
    for await (const part of bytes.read(5)) expect(part.toString()).toBe('HELLO');
    bytes.end();
    release();
    expect(await behind).toMatchObject({ code: 'CONNECTION_CLOSED' });
  });

  it('goes on after an upgrade that was refused', async () => {
    await expect(connection.upgrade('org.example.flags.Fail', { code: 5 }, raw)).rejects.toBeInstanceOf(
      UnknownError,
    );
    await expect(connection.upgrade('org.example.flags.Fail', { code: 'x' }, raw)).rejects.toBeInstanceOf(
      InvalidParameter,
    );
    expect(await client.talk({})).toEqual({ protocol: 'varlink' });
  });

  it('fails calls that wait when it is closed', async () => {
    const call = client.fail({ code: 100 });
    await service.waiting.promise;
    await connection.close();
    await expect(call).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    await connection.close();
  });

  it('reads the service interface', async () => {
    const introspection = new OrgVarlinkServiceClient(connection);
    expect(await introspection.getInfo({})).toMatchObject({ product: 'test', interfaces: expect.anything() });
    expect(await introspection.getInterfaceDescription({ interface: 'org.example.flags' })).toEqual({
      description: orgExampleFlags.description,
    });
  });
});

describe('a connection to something else', () => {
  let directory: string;
  let server: Server;
  let address: string;
  let answer: (socket: Socket) => void;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'client-'));
    server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => answer(socket));
    });
    ({ address } = await listen(server, `unix:${directory}/socket`));
  });

  afterEach(() => {
    server.close();
    rmSync(directory, { recursive: true });
  });

  it.each([
    ['no JSON', 'HTTP/1.1 400 Bad Request\r\n\r\n\0', 'a reply is not JSON'],
    ['a list', '[]\0', 'a reply is not an object'],
    ['null', 'null\0', 'a reply is not an object'],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22, 0]), 'a reply is not JSON'],
    [
      'continues without more',
      '{"parameters":{},"continues":true}\0',
      'several replies to a call that asked for one',
    ],
    ['continues that is no boolean', '{"continues":1}\0', 'continues is neither true nor false'],
    ['an error that is no string', '{"error":{}}\0', 'the name of an error is not a string'],
  ])('fails at %s and ends', async (_, bytes, problem) => {
    answer = (socket) => socket.write(bytes);
    await using connection = await connect(address);
    await expect(connection.call('a.b.C', {}, raw)).rejects.toMatchObject({
      name: 'ProtocolError',
      message: expect.stringContaining(problem),
    });
    await expect(connection.call('a.b.C', {}, raw)).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  });

  it('says so when the other side hangs up', async () => {
    answer = (socket) => socket.end('{"parameters":');
    await using connection = await connect(address);
    await expect(connection.call('a.b.C', {}, raw)).rejects.toMatchObject({
      message: 'a.b.C: the service has closed the connection',
    });
  });

  it('takes a reply that came before the other side hung up', async () => {
    answer = (socket) =>
      socket.end('{"parameters":{"x":1}}\0{}\0{"continues":null,"error":null,"parameters":null}\0');
    await using connection = await connect(address);
    const calls = [1, 2, 3].map(async () => await connection.call('a.b.C', {}, raw));
    expect(await Promise.all(calls)).toEqual([{ x: 1 }, {}, {}]);
  });

  it.each([
    [
      '{"error":"org.varlink.service.InterfaceNotFound","parameters":{"interface":"a.b"}}',
      'InterfaceNotFound',
    ],
    ['{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"C"}}', 'MethodNotFound'],
    ['{"error":"org.varlink.service.InvalidParameter","parameters":{"interface":"x"}}', 'InvalidParameter'],
    ['{"error":"org.varlink.service.PermissionDenied"}', 'PermissionDenied'],
    ['{"error":"org.varlink.service.ExpectedMore","parameters":null}', 'ExpectedMore'],
    ['{"error":"org.varlink.service.InvalidParameter","parameters":[]}', 'UnknownError'],
    ['{"error":"io.systemd.System","parameters":{"errno":5}}', 'UnknownError'],
    ['{"error":"x"}', 'UnknownError'],
    ['{"error":"__proto__"}', 'UnknownError'],
  ])('knows the error in %s', async (reply, name) => {
    answer = (socket) => socket.write(`${reply}\0`);
    await using connection = await connect(address);
    const { error, parameters } = JSON.parse(reply) as { error: string; parameters?: object };
    const caught = await connection.call('a.b.C', {}, raw).catch((problem: unknown) => problem);
    expect(caught).toMatchObject({ name, error });
    const kept = (caught as UnknownError).parameters;
    expect(kept).toEqual(name === 'InvalidParameter' ? { parameter: '' } : (parameters ?? {}));
  });

  it('reads a stream no faster than it is taken', async () => {
    let sent = 0;
    answer = (socket) => {
      const text = `{"parameters":{"filler":"${'x'.repeat(10_000)}"},"continues":true}\0`;
      const send = (): void => {
        while (sent < 5000 && socket.write(text)) sent++;
      };
      socket.on('drain', send);
      send();
    };
    await using connection = await connect(address);
    for await (const _ of connection.more('a.b.C', {}, raw)) {
      await new Promise((resolve) => {
        setTimeout(resolve, 200);
      });
      break;
    }
    expect(sent).toBeLessThan(1000);
  });

  it('names the address where nobody listens, or nobody answers in time', async () => {
    await expect(connect(`unix:${directory}/none`)).rejects.toMatchObject({
      code: 'CONNECTION_CLOSED',
      message: expect.stringMatching(/^connect to unix:.*none: connect ENOENT/),
    });
    await expect(connect('unix:')).rejects.toMatchObject({ code: 'INVALID_ADDRESS' });
    const signal = AbortSignal.abort(new RangeError('enough'));
    await expect(connect(address, { signal })).rejects.toThrow('enough');
  });
});
