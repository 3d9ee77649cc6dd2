// Go's varlink at both ends: Debian's own certification, and the probe on stubs of its generator.
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { InterfaceNotFound, MethodNotImplemented } from '../../src/rpc/index.js';
import { connect } from '../../src/rpc/client.js';
import type { Connection } from '../../src/rpc/transport.js';
import { OrgVarlinkServiceClient } from '../../src/generated/org-varlink-service.js';
import { Failed, OrgExampleProbeClient } from '../proof/generated/org-example-probe.js';
import { removeTree, temporaryDirectory } from './support/files.js';
import { buildGoProbe } from './support/go-program.js';
import { output, run } from './support/process.js';
import { certify, probeServer } from './support/proof.js';
import { startServer } from './support/server-process.js';

jest.setTimeout(120_000);

let directory: string;

beforeAll(async () => {
  directory = await temporaryDirectory('go');
});

afterAll(async () => {
  await removeTree(directory);
});

describe("Go's certification", () => {
  it('passes as a client of ours', async () => {
    const address = `unix:${join(directory, 'certify.sock')};mode=0600`;
    await using _server = await startServer(address, process.execPath, [certify, 'server', address]);
    const said = await output('varlink-go-certification', ['--varlink', address, '--client']);
    expect(said).toMatch(/^End: 'true'$/m);
  });

  it('passes as a client of ours under an abstract name', async () => {
    const address = `unix:@${directory}/certify`;
    await using _server = await startServer(address, process.execPath, [certify, 'server', address]);
    const said = await output('varlink-go-certification', ['--varlink', address, '--client']);
    expect(said).toMatch(/^End: 'true'$/m);
  });

  it('is passed as a server by ours under an abstract name', async () => {
    const address = `unix:@${directory}/go`;
    await using _server = await startServer(address, 'varlink-go-certification', ['--varlink', address]);
    const said = await output(process.execPath, [certify, 'client', address]);
    expect(said.trim().split('\n').at(-1)).toBe('End passed');
  });
});

describe('the probe in Go', () => {
  let program: string;

  beforeAll(async () => {
    program = await buildGoProbe(directory);
  });

  it('is served by ours as by its own kind', async () => {
    const address = `unix:${join(directory, 'probe.sock')}`;
    await using _server = await startServer(address, process.execPath, [probeServer, address]);
    expect(await run(program, ['client', address])).toEqual({
      code: 0,
      signal: null,
      stdout: '',
      stderr: '',
    });
  });

  describe('as a server', () => {
    let server: AsyncDisposable;
    let connection: Connection;
    let probe: OrgExampleProbeClient;

    beforeAll(async () => {
      const address = `unix:${join(directory, 'go.sock')}`;
      server = await startServer(address, program, ['server', address]);
      connection = await connect(address);
      probe = new OrgExampleProbeClient(connection);
    });

    afterAll(async () => {
      await connection.close();
      await server[Symbol.asyncDispose]();
    });

    it('echoes what it is given', async () => {
      const value = {
        b: true,
        i: -9007199254740991,
        f: 0.1,
        s: 'grüße \u0000 \u2028 <&> 😀',
        o: { deep: [null, { x: [] }] },
        e: 'dark_blue',
        inlineEnum: 'left',
        inlineStruct: { x: 1 },
        list: [],
        map: { constructor: 'a', '': 'b' },
        nullableList: [{ id: 1, label: 'one' }],
        listOfNullable: [1, null],
        nested: { a: [{ id: 2 }], b: [] },
      } as const;
      const reply = await probe.echoEverything({ value });
      expect(JSON.parse(JSON.stringify(reply.value))).toEqual(value);
      expect(await probe.echoNullable({})).toEqual({});
    });

    it('answers calls that were sent at once in their order', async () => {
      const values = Array.from({ length: 100 }, (_, index) => index);
      const replies = await Promise.all(values.map((value) => probe.echoInt({ value })));
      expect(replies.map(({ value }) => value)).toEqual(values);
    });

    it('streams', async () => {
      const indexes: number[] = [];
      for await (const { index, payload } of probe.streamMore({ count: 3, size: 5 })) {
        expect(payload).toBe('xxxxx');
        indexes.push(index);
      }
      expect(indexes).toEqual([0, 1, 2]);
    });

    it('sends nothing to a oneway call', async () => {
      await connection.oneway('org.example.probe.Increment', {});
      expect(await probe.counter({})).toEqual({ value: 1 });
    });

    it('fails with errors that have a class here', async () => {
      const failed = probe.fail({ code: 7, message: 'wanted' });
      await expect(failed).rejects.toBeInstanceOf(Failed);
      await expect(failed).rejects.toMatchObject({ parameters: { code: 7, message: 'wanted' } });
      await expect(probe.unimplemented({})).rejects.toBeInstanceOf(MethodNotImplemented);
      const gone = connection.call('org.example.gone.Gone', {}, (value) => value);
      await expect(gone).rejects.toBeInstanceOf(InterfaceNotFound);
    });

    it('describes itself, and has no interface that it does not know', async () => {
      const service = new OrgVarlinkServiceClient(connection);
      expect((await service.getInfo({})).interfaces).toContain('org.example.probe');
      const { description } = await service.getInterfaceDescription({ interface: 'org.example.probe' });
      expect(description).toContain('interface org.example.probe\n');
      const unknown = service.getInterfaceDescription({ interface: 'org.example.gone' });
      await expect(unknown).rejects.toBeInstanceOf(InterfaceNotFound);
    });
  });
});

describe("Go's generator", () => {
  it.each(['io.podman', 'io.imaged', 'org.varlink.service'])('takes our interface %s', async (name) => {
    const copy = join(directory, `${name}.varlink`);
    await copyFile(join(process.cwd(), 'interfaces', `${name}.varlink`), copy);
    expect(await run('varlink-go-interface-generator', [copy])).toMatchObject({ code: 0 });
  });
});
