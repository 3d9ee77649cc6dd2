// Who may do what, asked of a real daemon by callers with real credentials.
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { ioImaged } from '../../src/generated/io-imaged.js';
import { ioPodman } from '../../src/generated/io-podman.js';
import { parseInterface } from '../../src/idl/index.js';
import { needs } from '../../src/service/access.js';
import { suffices, type Role } from '../../src/service/access-rules.js';
import { buildImage } from '../peers/sample-image.js';
import type { RawClient } from '../protocol/raw-client.js';
import { AccessScene, call, endingOf, rules, users } from './support/access-scene.js';
import { endingsOverJsonRpc, endingsOverVarlink, type BatchedCall } from './every-method/batch.js';
import { imagedProgram } from './support/imaged.js';
import { run } from './support/process.js';

jest.setTimeout(60_000);

const success = { error: undefined };
const denied = 'org.varlink.service.PermissionDenied';

let scene: AccessScene;
let image: string;

beforeAll(async () => {
  scene = await AccessScene.open();
  image = scene.scene.serve('a', await buildImage({ layers: [[{ name: 'a', content: 'a' }]] }));
});

afterAll(async () => {
  await scene?.close();
});

/** Why the caller was refused; fails if it was not. */
async function refusalOf(client: RawClient, asked: BatchedCall): Promise<unknown> {
  const { error, parameters } = await endingOf(client, asked);
  expect(error).toBe(denied);
  return parameters['reason'];
}

/** Every method of the interface files with nothing in it: none of them then does anything to a store without images. */
const methods = [ioPodman, ioImaged].flatMap(({ name, description }) =>
  parseInterface(description)
    .members.filter((member) => member.kind === 'method')
    .map((member) => `${name}.${member.name}`),
);

describe('every method', () => {
  const full = ['varlink', 'jsonrpc'] as const;
  const readOnly = ['readOnly', 'readOnlyJsonRpc'] as const;

  it.each<[title: string, role: Role, uid: number, on: typeof full | typeof readOnly]>([
    ['somebody', 'none', users.none, full],
    ['readers', 'read', users.read, full],
    ['pullers', 'pull', users.pull, full],
    ['admins', 'admin', users.admin, full],
    ['admins on a socket for reading', 'read', users.admin, readOnly],
    ['root on a socket for reading', 'read', 0, readOnly],
    ['somebody on a socket for reading', 'none', users.none, readOnly],
  ])('is refused to %s exactly where its role is not enough, at both doors', async (_, role, uid, on) => {
    const refused = methods.filter((method) => !suffices(role, needs.get(method)?.role ?? 'admin'));
    const calls = methods.map((method) => ({ method, parameters: {}, more: false }));
    using overVarlink = scene.varlink({ uid }, on[0]);
    using overJsonRpc = scene.jsonRpc({ uid }, on[1]);
    const answers = [
      await endingsOverVarlink(overVarlink, calls),
      await endingsOverJsonRpc(overJsonRpc, calls),
    ];
    for (const endings of answers) {
      const found = methods.filter((_, index) => endings[index]?.error === denied);
      expect(found).toEqual(refused);
    }
  });

  it('is refused before anything is said of its parameters', async () => {
    using overVarlink = scene.varlink({ uid: users.none });
    using overJsonRpc = scene.jsonRpc({ uid: users.none });
    const wrong = methods.map((method) => ({ method, parameters: { name: 7, x: [{}] }, more: false }));
    for (const endings of [
      await endingsOverVarlink(overVarlink, wrong),
      await endingsOverJsonRpc(overJsonRpc, wrong),
    ])
      expect(new Set(endings.map(({ error }) => error))).toEqual(new Set([denied]));
  });

  it('can be looked up by everybody', async () => {
    using overVarlink = scene.varlink({ uid: users.none });
    const asked = { method: 'org.varlink.service.GetInfo', parameters: {}, more: false };
    expect(await endingOf(overVarlink, asked)).toMatchObject(success);
    using overJsonRpc = scene.jsonRpc({ uid: users.none });
    overJsonRpc.send({ jsonrpc: '2.0', id: 1, method: 'rpc.discover' });
    expect(await overJsonRpc.next()).toMatchObject({ result: { interfaces: expect.any(Array) } });
  });
});

describe('a refusal', () => {
  it('says what is needed, what the caller has, and where that is written', async () => {
    using reader = scene.varlink({ uid: users.read });
    expect(await refusalOf(reader, call('RemoveImage', { name: 'a' }))).toBe(
      `io.podman.RemoveImage needs the role admin; user 4001 has the role read (users.4001 in ${scene.file})`,
    );
    using root = scene.varlink({ uid: 0 }, 'readOnly');
    expect(await refusalOf(root, call('PullImage', { name: image }))).toBe(
      `io.podman.PullImage needs the role pull; user 0 has the role read (unix:${scene.path('readOnly')};mode=0666;role=read)`,
    );
    using other = scene.varlink({ uid: users.none });
    expect(await refusalOf(other, call('GetVersion'))).toBe(
      `io.podman.GetVersion needs the role read; user 4000 has no role (default in ${scene.file})`,
    );
  });

  it('is an error of the interface in JSON-RPC, and one line of imagectl', async () => {
    using client = scene.jsonRpc({ uid: users.read });
    client.send({ jsonrpc: '2.0', id: 1, method: 'io.podman.TagImage', params: ['a', 'b'] });
    expect(await client.next()).toMatchObject({
      id: 1,
      error: {
        code: -32000,
        message: expect.stringMatching(/^permission denied: io\.podman\.TagImage needs the role admin;/),
        data: { error: denied, parameters: { reason: expect.any(String) } },
      },
    });
    const imagectl = [imagedProgram.replace('imaged.js', 'imagectl.js'), '--url'];
    const readOnly = `unix:${scene.path('readOnly')}`;
    const { code, stdout, stderr } = await run(process.execPath, [...imagectl, readOnly, 'rmi', 'a']);
    expect(stderr).toMatch(
      /^Error: permission denied: io\.podman\.\w+ needs the role admin; user 0 has [^\n]+\n$/,
    );
    expect({ code, stdout }).toEqual({ code: 125, stdout: '' });
  });

  it('leaves the calls around it, those without answer, and the protocol as they were', async () => {
    using reader = scene.varlink({ uid: users.read });
    const list = { method: 'io.podman.ListImages' };
    reader.send(
      list,
      { method: 'io.podman.TagImage', parameters: { name: 'a', tagged: 'oneway' }, oneway: true },
      { method: 'io.podman.SendFile', parameters: { type: '', length: 5 }, upgrade: true },
      { method: 'io.imaged.Build', more: true },
      list,
    );
    const replies = [await reader.next(), await reader.next(), await reader.next(), await reader.next()];
    expect(replies).toMatchObject([
      { parameters: { images: [] } },
      { error: denied },
      { error: denied },
      { parameters: { images: [] } },
    ]);
    const over = (): boolean => scene.daemon.child.exitCode !== null;
    for (const method of ['TagImage', 'SendFile', 'Build']) {
      const line = new RegExp(String.raw`"uid":4001,.*\.${method}",.*"outcome":"${denied}"`);
      expect(await scene.daemon.log.match(line, over)).toBeDefined();
    }
  });
});

describe('the role of a caller', () => {
  it.each([
    ['its group', { uid: 4444, gid: 5001 }, 'read'],
    ['a supplementary group', { uid: 4444, groups: [1, 5001] }, 'read'],
    [
      'the best of its groups, if there are hundreds',
      { uid: 4444, groups: [5001, ...hundreds(), 5002] },
      'admin',
    ],
    ['its user, whatever its groups', { uid: users.read, groups: [5002] }, 'read'],
    ['its user, who is shut out', { uid: 4010, groups: [5002] }, 'none'],
    ['nothing', { uid: 4444, groups: [1, 2] }, 'none'],
    ['being root', { uid: 0 }, 'admin'],
  ])('is that of %s', async (_, who, role) => {
    using client = scene.varlink(who);
    const asked = ['GetVersion', 'SearchImages', 'UntagImage'].map((method) => call(method));
    const endings = await endingsOverVarlink(client, asked);
    const allowed = endings.filter(({ error }) => error !== denied).length;
    expect(allowed).toBe(['none', 'read', 'pull', 'admin'].indexOf(role));
  });

  it('is asked of the kernel also where anybody can connect', async () => {
    const names = readFileSync('/proc/net/unix', 'utf8');
    expect(names).toContain(`@${scene.path('abstract')}`);
    const { stdout } = await run('perl', [
      '-MSocket',
      '-e',
      'socket(S, AF_UNIX, SOCK_STREAM, 0); $> = 4001; connect(S, pack_sockaddr_un("\\0" . shift)) or die $!;' +
        'syswrite S, qq({"method":"io.podman.SearchImages"}\\0); sysread S, $_, 4096; print',
      scene.path('abstract'),
    ]);
    expect(stdout).toMatch(/needs the role pull; user 4001 has the role read/);
  });

  it('is that of the address over TCP, which knows nobody, and none without it', async () => {
    const [none, read] = [...scene.daemon.log.text.matchAll(/tcp:(127\.0\.0\.\d):([1-9]\d*)/g)];
    const ask = async (place: RegExpExecArray | undefined, method: string): Promise<unknown> => {
      const socket = connect(Number(place?.[2]), place?.[1] ?? '');
      socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: {} })}\n`);
      const [bytes] = (await once(socket, 'data')) as [Buffer];
      socket.destroy();
      return JSON.parse(bytes.toString());
    };
    expect(await ask(none, 'io.podman.GetVersion')).toMatchObject({
      error: { message: expect.stringContaining('its address has no ;role=') },
    });
    expect(await ask(read, 'io.podman.GetVersion')).toHaveProperty('result.version');
    expect(await ask(read, 'io.podman.TagImage')).toMatchObject({
      error: { data: { error: denied } },
    });
    expect(scene.daemon.log.text).toMatch(
      /"level":"warn".*"tcp:127\.0\.0\.1:0: nobody may do anything there/,
    );
  });
});

describe('the role pull', () => {
  it('gets images of registries, and nothing of the host', async () => {
    using client = scene.varlink({ uid: users.pull });
    expect(await endingOf(client, call('PullImage', { name: image }))).toMatchObject(success);
    expect(await endingOf(client, call('PullImage', { name: `docker://${image}` }))).toMatchObject(success);
    for (const name of ['docker-archive:/etc/passwd', 'oci:/etc', 'dir:/etc', 'oci-archive:/x'])
      expect(await refusalOf(client, call('PullImage', { name }))).toMatch(
        / from [a-z-]+: needs the role admin;/,
      );
  });
});

describe('the role read', () => {
  it('does not get root at the files of the host, on a socket that is for reading', async () => {
    const receive = { method: 'io.podman.ReceiveFile', parameters: { path: '/etc/passwd' }, upgrade: true };
    for (const [socket, answer] of [
      ['readOnly', { error: 'io.podman.ErrorOccurred' }],
      ['varlink', { parameters: { len: expect.any(Number) } }],
    ] as const) {
      using root = scene.varlink({ uid: 0 }, socket);
      root.send(receive);
      expect(await root.next()).toMatchObject(answer);
    }
  });

  it('does not get at what another user has saved', async () => {
    using saver = scene.varlink({ uid: users.read });
    const options = {
      name: image,
      format: 'docker-archive',
      output: '',
      outputType: '',
      moreTags: [],
      quiet: true,
    };
    saver.send({ method: 'io.podman.ImageSave', parameters: { options } });
    const { parameters } = (await saver.next()) as { parameters: { reply: { id: string } } };
    const receive = { path: parameters.reply.id, delete: true };
    using thief = scene.varlink({ uid: 4444, gid: 5001 });
    thief.send({ method: 'io.podman.ReceiveFile', parameters: receive, upgrade: true });
    expect(await thief.next()).toMatchObject({ error: 'io.podman.ErrorOccurred' });
    saver.send({ method: 'io.podman.ReceiveFile', parameters: receive, upgrade: true });
    expect(await saver.next()).toHaveProperty('parameters.len');
  });
});

describe('a change of the file', () => {
  /** Has the daemon read its file again, and resolves to what it says of that. */
  async function reread(text: string): Promise<string> {
    const from = scene.daemon.log.text.length;
    await writeFile(scene.file, text);
    scene.daemon.child.kill('SIGHUP');
    for (;;) {
      const [line] = /^\{.*"msg":"access: .*$/m.exec(scene.daemon.log.text.slice(from)) ?? [];
      if (line !== undefined) return line;
      await once(scene.daemon.child.stderr!, 'data');
    }
  }

  it('counts from the next call on, also of connections that are open', async () => {
    using client = scene.varlink({ uid: users.read });
    expect(await endingOf(client, call('ListImages'))).toMatchObject(success);
    expect(await reread(rules.replace('4001 = "read"', ''))).toMatch(
      /"level":"info".*access\.toml was read again"\}$/,
    );
    expect(await refusalOf(client, call('ListImages'))).toContain('has no role (default in');
    await reread(rules);
    expect(await endingOf(client, call('ListImages'))).toMatchObject(success);
  });

  it('that makes no sense leaves the rules as they were, and says so', async () => {
    using client = scene.varlink({ uid: users.read });
    expect(await reread('default = "admin"\nuser = 1\n')).toMatch(
      /"level":"error".*access: the rules stay as they were: .*access\.toml: user: there is no such key/,
    );
    expect(await refusalOf(client, call('DeleteUnusedImages'))).toContain('users.4001');
    await reread(rules);
  });
});

function hundreds(): number[] {
  return Array.from({ length: 300 }, (_, index) => 100_000 + index);
}
