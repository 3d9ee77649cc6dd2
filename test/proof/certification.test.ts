// The certification's server against wrong calls, and its client against a server that fails.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { connect } from '../../src/rpc/client.js';
import { JsonRpcServer } from '../../src/rpc/jsonrpc/server.js';
import { RawClient } from '../protocol/raw-client.js';
import { type Running, serve } from '../protocol/serve.js';
import { certify } from './certification-client.js';
import { CertificationService } from './certification-service.js';
import { orgVarlinkCertification } from './generated/org-varlink-certification.js';

const interfaceName = 'org.varlink.certification';

interface Reply {
  readonly error?: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

describe('the certification server', () => {
  let running: Running;
  let client: RawClient;

  beforeEach(async () => {
    running = await serve([[orgVarlinkCertification, new CertificationService()]]);
    client = new RawClient(running.path);
  });

  afterEach(async () => {
    client[Symbol.dispose]();
    await running[Symbol.asyncDispose]();
  });

  async function call(method: string, parameters: object = {}, flags: object = {}): Promise<Reply> {
    client.send({ method: `${interfaceName}.${method}`, parameters, ...flags });
    return (await client.next()) as Reply;
  }

  async function start(): Promise<string> {
    const { parameters } = await call('Start');
    return parameters['client_id'] as string;
  }

  it('takes 1.0 for 1, and null for what may be absent', async () => {
    const client_id = await start();
    await call('Test01', { client_id });
    await call('Test02', { client_id, bool: true });
    await call('Test03', { client_id, int: 1 });
    const parameters = JSON.stringify({ client_id, float: 1 }).replace(':1}', ':1.0}');
    client.write(`{"method":"${interfaceName}.Test04","parameters":${parameters}}\0`);
    expect(await client.next()).toEqual({ parameters: { string: 'ping' } });
    const four = await call('Test05', { client_id, string: 'ping' });
    const six = await call('Test06', { client_id, ...four.parameters });
    const seven = await call('Test07', { client_id, ...six.parameters });
    const eight = await call('Test08', { client_id, ...seven.parameters });
    const nine = await call('Test09', { client_id, ...eight.parameters });
    const mytype = { ...(nine.parameters['mytype'] as object), nullable: null, nullable_array_struct: null };
    const ten = await call('Test10', { client_id, mytype }, { more: true });
    expect(ten).toEqual({ parameters: { string: 'Reply number 1' }, continues: true });
  });

  it.each([
    ['a wrong value', 'Test02', { bool: false }, {}],
    ['a flag too many', 'Test02', { bool: true }, { more: true }],
    ['a test too early', 'Test03', { int: 1 }, {}],
    ['a test again', 'Test01', {}, {}],
  ])('refuses %s, says what it wanted, and forgets the client', async (_, method, values, flags) => {
    const client_id = await start();
    await call('Test01', { client_id });
    const parameters = { client_id, ...values };
    expect(await call(method, parameters, flags)).toEqual({
      error: `${interfaceName}.CertificationError`,
      parameters: {
        wants: { method: `${interfaceName}.Test02`, parameters: { client_id, bool: true } },
        got: { method: `${interfaceName}.${method}`, parameters, ...flags },
      },
    });
    const { error } = await call('Test02', { client_id, bool: true });
    expect(error).toBe(`${interfaceName}.ClientIdError`);
  });

  it('refuses a start with a flag, and a client it does not know', async () => {
    expect((await call('Start', {}, { more: true })).error).toBe(`${interfaceName}.CertificationError`);
    const { error } = await call('Test01', { client_id: 'nobody' });
    expect(error).toBe(`${interfaceName}.ClientIdError`);
  });

  it('forgets the oldest of too many clients', async () => {
    const oldest = await start();
    for (let count = 1; count <= 1000; count += 1) await start();
    const { error } = await call('Test01', { client_id: oldest });
    expect(error).toBe(`${interfaceName}.ClientIdError`);
    expect(await call('Test01', { client_id: await start() })).toEqual({ parameters: { bool: true } });
  });

  it('follows clients on the same connection apart from each other', async () => {
    const [one, two] = [await start(), await start()];
    for (const client_id of [one, two]) await call('Test01', { client_id });
    for (const client_id of [one, two])
      expect(await call('Test02', { client_id, bool: true })).toEqual({ parameters: { int: 1 } });
  });
});

describe('the certification client', () => {
  async function certifyAgainst(service: object): Promise<string[]> {
    const passed: string[] = [];
    await using running = await serve([[orgVarlinkCertification, service]]);
    await using connection = await connect(running.address);
    await certify(connection, (test) => passed.push(test));
    return passed;
  }

  it('passes the tests of the server', async () => {
    const passed = await certifyAgainst(new CertificationService());
    expect(passed).toEqual([
      'Start',
      ...Array.from({ length: 11 }, (_, index) => `Test${String(index + 1).padStart(2, '0')}`),
      'End',
    ]);
  });

  it('passes them through JSON-RPC by its address alone', async () => {
    const service = new CertificationService();
    await using running = await serve([[orgVarlinkCertification, service]], { door: JsonRpcServer });
    await using connection = await connect(`jsonrpc+${running.address}`);
    const passed: string[] = [];
    await certify(connection, (test) => passed.push(test));
    expect(passed).toContain('End');
  });

  it('names the test in which a reply is not as declared', async () => {
    const service = new CertificationService();
    const broken = Object.assign(service, { test03: async () => ({ float: 'one' }) });
    await expect(certifyAgainst(broken)).rejects.toThrow(
      'Test03 failed: org.varlink.certification.Test03: float: expected a number, found a string',
    );
  });

  it('tells what the server wanted when that refuses a call', async () => {
    const service = new CertificationService();
    const broken = Object.assign(service, { test02: async () => ({ int: 2 }) });
    await expect(certifyAgainst(broken)).rejects.toThrow(
      /^Test03 failed: CertificationError .*"wants":\{"method":"org\.varlink\.certification\.Test02"/,
    );
  });

  it('wants ten replies to Test10', async () => {
    class Hasty extends CertificationService {
      override async *test10(
        ...[params, call]: Parameters<CertificationService['test10']>
      ): ReturnType<CertificationService['test10']> {
        yield* super.test10(params, call);
        yield { string: 'Reply number 10' };
        return { string: 'Reply number 11' };
      }
    }
    await expect(certifyAgainst(new Hasty())).rejects.toThrow('Test10 failed: expected 10 replies, found 11');
  });
});
