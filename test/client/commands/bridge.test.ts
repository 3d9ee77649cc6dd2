// imagectl bridge: what goes in at one end comes out at a service, and the other way round.
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CommandError } from '../../../client/errors.js';
import { Dispatcher } from '../../../src/rpc/index.js';
import type { InterfaceDescriptor } from '../../../src/rpc/index.js';
import { VarlinkServer } from '../../../src/rpc/varlink/server.js';
import { orgExampleFlags } from '../../codegen/golden/org-example-flags.js';
import { FlagsService } from '../../protocol/flags-service.js';
import type { Running } from '../../protocol/serve.js';
import { serve } from '../../protocol/serve.js';
import { settled } from '../../protocol/until.js';
import { imagectl } from '../support/imagectl.js';
import type { Run } from '../support/imagectl.js';
import type { RunningService } from '../support/service.js';
import { startService } from '../support/service.js';

let directory: string;
let own: RunningService;
let other: Running;
let flags: FlagsService;
let input: PassThrough;
let output: PassThrough;
let abort: AbortController;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'bridge-'));
  // oxlint-disable-next-line typescript/require-await -- the shape of a service
  own = await startService({ imageExists: async ({ name }) => ({ exists: name === 'a' ? 0 : 1 }) });
  flags = new FlagsService();
  other = await serve([[orgExampleFlags, flags]]);
  symlinkSync(other.path, join(directory, 'org.example.flags'));
  input = new PassThrough();
  output = new PassThrough();
  abort = new AbortController();
});

afterEach(async () => {
  await own.close();
  await other[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

function bridge(...options: string[]): Promise<Run> {
  return imagectl(own, ['bridge', ...options], {
    stdio: { input, output },
    signal: abort.signal,
    lookup: { registries: ['/nonexistent', directory], resolver: join(directory, 'resolver') },
  });
}

function send(...calls: object[]): void {
  for (const call of calls) input.write(`${JSON.stringify(call)}\0`);
}

/** All that came out, message by message. */
function replies(): unknown[] {
  const text = (output.read() as Buffer | null)?.toString() ?? '';
  return text
    .split('\0')
    .slice(0, -1)
    .map((message) => JSON.parse(message));
}

const count = { method: 'org.example.flags.Count', parameters: { to: 2 }, more: true };
const counted = [{ parameters: { number: 1 }, continues: true }, { parameters: { number: 2 } }];
const exists = { method: 'io.podman.ImageExists', parameters: { name: 'a' } };

describe('a bridge by interface', () => {
  it('passes each call to the service of its interface, and replies back in order', async () => {
    send(exists, count, { ...exists, parameters: { name: 'b' } }, count);
    input.end();
    expect(await bridge()).toEqual({ stdout: '', stderr: '', code: 0 });
    const found = [{ parameters: { exists: 0 } }, { parameters: { exists: 1 } }];
    expect(replies()).toEqual([found[0], ...counted, found[1], ...counted]);
  });

  it('answers itself for an interface that nobody has, if an answer is wanted', async () => {
    const missing = { method: 'com.example.missing.Do' };
    const hostile = { method: '../../etc/passwd.Do' };
    send({ ...missing, oneway: true }, missing, hostile, { method: 'Do' }, exists);
    input.end();
    expect(await bridge()).toMatchObject({ code: 0 });
    const notFound = (name: string): object => ({
      error: 'org.varlink.service.InterfaceNotFound',
      parameters: { interface: name },
    });
    expect(replies()).toEqual([
      notFound('com.example.missing'),
      notFound('../../etc/passwd'),
      notFound(''),
      { parameters: { exists: 0 } },
    ]);
  });

  it('asks the service that has an interface for its description', async () => {
    const describing = { method: 'org.varlink.service.GetInterfaceDescription' };
    send({ ...describing, parameters: { interface: 'org.example.flags' } });
    input.end();
    await bridge();
    expect(replies()).toEqual([{ parameters: { description: orgExampleFlags.description } }]);
  });

  it('asks the resolver where no registry knows', async () => {
    const dispatcher = new Dispatcher();
    const resolver = new VarlinkServer({ dispatcher });
    // oxlint-disable-next-line typescript/require-await -- the shape of a service
    dispatcher.serve(resolverInterface, { resolve: async () => ({ address: other.address }) });
    await resolver.listen(`unix:${directory}/resolver`);
    rmSync(join(directory, 'org.example.flags'));
    send(count);
    input.end();
    await bridge();
    await resolver.close();
    expect(replies()).toEqual(counted);
  });

  it('waits for no reply to a oneway call', async () => {
    send({ method: 'org.example.flags.Forget', parameters: { what: 'a' }, oneway: true }, count);
    input.end();
    await bridge();
    expect(replies()).toEqual(counted);
    expect(flags.forgotten).toEqual(['a']);
  });

  it('passes bytes after an upgrade, those that were sent with the call too', async () => {
    send(exists, { method: 'org.example.flags.Talk', upgrade: true });
    input.write('hel');
    const done = bridge();
    input.end('lo');
    expect(await done).toMatchObject({ code: 0 });
    const text = (output.read() as Buffer).toString();
    expect(text).toBe('{"parameters":{"exists":0}}\0{"parameters":{"protocol":"upper"}}\0HELLO');
  });

  it('goes on with calls after an upgrade that was refused', async () => {
    send({ method: 'org.example.flags.Fail', parameters: { code: 1 }, upgrade: true }, exists);
    input.end();
    expect(await bridge()).toMatchObject({ code: 0 });
    expect(replies()).toMatchObject([{ error: 'org.example.flags.Failed' }, { parameters: { exists: 0 } }]);
  });

  it('writes a blank now and then to find out whether a caller that sends no more is there', async () => {
    send({ method: 'org.example.flags.Fail', parameters: { code: 100 } });
    input.end();
    const done = bridge();
    await new Promise((resolve) => {
      output.once('readable', resolve);
    });
    expect(String(output.read())).toBe(' ');
    // What main.ts does when nobody reads on.
    abort.abort(new CommandError('', 141));
    expect(await done).toMatchObject({ code: 141 });
    await flags.abandoned.promise;
  });

  it('ends with what is no call', async () => {
    input.end('{"method":1}\0');
    expect(await bridge()).toEqual({ stdout: '', stderr: 'Error: method is not a string\n', code: 125 });
  });

  it('says that a service has gone away in the middle of a call', async () => {
    send({ method: 'org.example.flags.Fail', parameters: { code: 100 } });
    const done = bridge();
    await flags.waiting.promise;
    await other.server.close();
    expect(await done).toEqual({
      stdout: '',
      stderr: 'Error: org.example.flags.Fail: the service has closed the connection\n',
      code: 125,
    });
  });
});

describe('a bridge to one service', () => {
  it('passes on every byte, and the end of the input', async () => {
    send(count, { method: 'com.example.missing.Do' }, { method: 'org.example.flags.Talk', upgrade: true });
    input.end('hello');
    expect(await bridge('--connect', other.address)).toEqual({ stdout: '', stderr: '', code: 0 });
    const text = (output.read() as Buffer).toString();
    expect(text.split('\0').slice(2)).toEqual([
      expect.stringContaining('InterfaceNotFound'),
      '{"parameters":{"protocol":"upper"}}',
      'HELLO',
    ]);
  });

  it('reads no faster than its output is read', async () => {
    send({ method: 'org.example.flags.Count', parameters: { to: 1e15 }, more: true });
    const done = bridge('--connect', other.address);
    await new Promise((resolve) => {
      output.once('readable', resolve);
    });
    const before = await settled(() => flags.counted);
    expect(output.readableLength).toBeLessThan(256 * 1024);
    expect(before).toBeLessThan(1e6);
    abort.abort(new CommandError('', 143));
    expect(await done).toMatchObject({ code: 143 });
    await flags.abandoned.promise;
  });

  it('ends when the service does, though there may be more input', async () => {
    const done = bridge('--connect', other.address);
    send(count);
    await new Promise((resolve) => {
      output.once('readable', resolve);
    });
    await other.server.close();
    expect(await done).toMatchObject({ code: 0, stderr: '' });
    expect(input.destroyed).toBe(true);
  });

  it('says where nobody answers', async () => {
    expect(await bridge('--connect', 'unix:/nonexistent/socket')).toEqual({
      stdout: '',
      stderr: expect.stringContaining(
        'Error: cannot connect to imaged at unix:/nonexistent/socket: no such file or directory',
      ),
      code: 125,
    });
    expect((await bridge('--connect', 'exec:sh -c "echo no >&2; exit 7"')).stderr).toBe(
      'Error: exec:sh -c "echo no >&2; exit 7": exit status 7: no\n',
    );
  });
});

const resolverInterface: InterfaceDescriptor = {
  name: 'org.varlink.resolver',
  description: '',
  unknownFields: 'refuse',
  methods: { Resolve: { handler: 'resolve', stream: false, check: (value) => value as object } },
  errors: {},
};
