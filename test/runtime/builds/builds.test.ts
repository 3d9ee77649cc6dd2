// What a call is before it is a build: where its files come from, who may ask for what, and what is left afterwards.
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { unpackContext } from '../../../src/archive/unpack-context.js';
import type { BuildRequest } from '../../../src/build/build-request.js';
import type { FileBlob } from '../../../src/oci/blob.js';
import { ConnectionScope } from '../../../src/rpc/index.js';
import { plainBuild, type BuildInput, type ContextPlace } from '../../../src/runtime/builds/build-input.js';
import { defaultBuildPolicy, type BuildPolicy } from '../../../src/runtime/builds/build-policy.js';
import { Builds } from '../../../src/runtime/builds/builds.js';
import type { Caller } from '../../../src/runtime/copy/copies.js';
import { FileExchange } from '../../../src/runtime/files/file-exchange.js';
import { OperationTable } from '../../../src/runtime/operation.js';
import type { StorageOptions } from '../../../src/store/options.js';
import { tarOf, type Made } from '../../archive/tar-builder.js';

const own = 1000;
const stranger = 4711;
const id = 'a'.repeat(64);

let place: string;
let exchange: FileExchange;
/** What the builder was asked for, and what it sees then. */
let requests: BuildRequest[];
let look: (request: BuildRequest) => Promise<unknown>;
let seen: unknown;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'builds-'));
  exchange = new FileExchange(async () => ({ path: join(place, 'graph/imaged/files'), fleeting: true }), own);
  requests = [];
  look = async () => undefined;
});

afterEach(async () => {
  await exchange.close();
  await rm(place, { recursive: true });
});

function caller(uid = own): Caller {
  return { peer: { pid: 1, uid }, signal: new AbortController().signal, connection: new ConnectionScope() };
}

function builds(policy: Partial<BuildPolicy> = {}): Builds {
  const options = { graphRoot: join(place, 'graph'), runRoot: join(place, 'run') } as StorageOptions;
  return new Builds({
    operations: new OperationTable(),
    files: exchange,
    pool: {
      unpackContext: async ({ blob, directory, limits }, signal) =>
        await unpackContext(createReadStream((blob as FileBlob).path), directory, limits, signal),
    },
    streams: { unpackContext: async () => await Promise.reject(new Error('nothing is streamed here')) },
    fetcher: {
      registries: () => ({ fetchFile: async () => await Promise.reject(new Error('offline')) }),
      environment: {},
    },
    policy: { ...defaultBuildPolicy, ...policy },
    uid: own,
    store: async () => ({ options }),
    buildImage: async (request) => {
      requests.push(request);
      seen = await look(request);
      return id;
    },
  });
}

async function requestOf(
  input: Partial<BuildInput>,
  by: Caller = caller(),
  policy: Partial<BuildPolicy> = {},
): Promise<BuildRequest> {
  await builds(policy).build({ ...plainBuild, ...input }, by).result;
  const request = requests.at(-1);
  if (request === undefined) throw new Error('nothing was built');
  return request;
}

const text = (content: string): Partial<BuildInput> => ({ dockerfiles: [{ kind: 'text', text: content }] });
const path = (...paths: readonly string[]): Partial<BuildInput> => ({
  dockerfiles: paths.map((each) => ({ kind: 'path', path: each })),
});

async function directoryOf(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = await mkdtemp(join(place, 'context-'));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(directory, name, '..'), { recursive: true });
    await writeFile(join(directory, name), content);
  }
  return directory;
}

async function identityOf(directory: string): Promise<string> {
  const { dev, ino, ctimeNs } = await stat(directory, { bigint: true });
  return `${dev}:${ino}:${ctimeNs}`;
}

async function inPlace(files: Readonly<Record<string, string>>): Promise<ContextPlace> {
  const directory = await directoryOf(files);
  return { kind: 'directory', path: directory, identity: await identityOf(directory) };
}

async function sent(by: Caller, ...entries: readonly Made[]): Promise<ContextPlace> {
  const bytes = tarOf(...entries);
  await using upload = await exchange.upload(bytes.length, by);
  await upload.write(bytes);
  await upload.complete();
  return { kind: 'named', name: upload.handle };
}

/** Everything that lies about, but for contexts in place and what keeps directories. */
async function left(): Promise<string[]> {
  const found: string[] = [];
  for (const root of ['graph', 'run']) {
    const entries = await readdir(join(place, root), { recursive: true, withFileTypes: true }).catch(
      () => [],
    );
    found.push(
      ...entries.filter((entry) => entry.isFile() && !entry.name.startsWith('lock-')).map(({ name }) => name),
    );
  }
  return found;
}

describe('a context that was sent', () => {
  it('is unpacked for the build, and gone with the file afterwards', async () => {
    const by = caller(stranger);
    look = async ({ context = '' }) => [
      await readFile(join(context, 'file'), 'utf8'),
      (await stat(join(context, '..'))).mode & 0o777,
    ];
    const context = await sent(
      by,
      { name: 'Dockerfile', content: 'FROM scratch' },
      { name: 'file', content: 'sent' },
    );
    const request = await requestOf({ context }, by);
    expect(seen).toEqual(['sent', 0o700]);
    expect(request.dockerfile).toBe('FROM scratch\n');
    expect(await left()).toEqual([]);
  });

  it('is gone, too, when the build fails', async () => {
    const by = caller();
    look = async () => {
      throw new Error('no luck');
    };
    const context = await sent(by, { name: 'Dockerfile', content: 'FROM scratch' });
    await expect(requestOf({ context }, by)).rejects.toThrow('no luck');
    expect(await left()).toEqual([]);
  });

  it('is gone, too, when it cannot be unpacked', async () => {
    const by = caller();
    const context = await sent(by, { name: 'file', content: 'x' }, { name: '../out' });
    await expect(requestOf({ context }, by)).rejects.toThrow('".."');
    expect(await left()).toEqual([]);
  });

  it('is limited by the service', async () => {
    const by = caller();
    const context = await sent(by, { name: 'Dockerfile', content: 'FROM scratch' });
    await expect(requestOf({ context }, by, { contextBytes: 5 })).rejects.toThrow('more than 5 bytes');
  });

  it('cannot be used by another connection', async () => {
    const context = await sent(caller(stranger), { name: 'Dockerfile', content: 'FROM scratch' });
    await expect(requestOf({ context }, caller(stranger))).rejects.toMatchObject({
      code: 'FILE_UNAVAILABLE',
    });
  });

  it('may come with others', async () => {
    const by = caller();
    look = async ({ contexts }) => await readFile(join(contexts.get('more') ?? '', 'file'), 'utf8');
    const more = await sent(by, { name: 'file', content: 'more' });
    await requestOf({ ...text('FROM scratch'), contexts: [{ name: 'more', place: more }] }, by);
    expect(seen).toBe('more');
    expect(await left()).toEqual([]);
  });
});

describe('a context of the host', () => {
  it('is read where it is if the caller sees the same', async () => {
    const context = await inPlace({ Dockerfile: 'FROM scratch' });
    expect(await requestOf({ context })).toMatchObject({ context: (context as { path: string }).path });
    expect(await requestOf({ context }, caller(0))).toMatchObject({ trusted: true });
  });

  it.each([
    ['for somebody else', stranger, (it: string) => it, (it: string) => it, 'only root'],
    ['that nobody has', own, (it: string) => `${it}/none`, (it: string) => it, 'no such file'],
    ['that is not absolute', own, () => 'context', (it: string) => it, 'no absolute path'],
    ['that is another one', own, () => tmpdir(), (it: string) => it, 'another directory'],
    ['that has changed', own, (it: string) => it, (it: string) => `${it}1`, 'another directory'],
  ] as const)('is refused with an error of its own: one %s', async (_what, uid, pathOf, changed, reason) => {
    const directory = await directoryOf({ Dockerfile: 'FROM scratch' });
    const identity = changed(await identityOf(directory));
    const context: ContextPlace = { kind: 'directory', path: pathOf(directory), identity };
    await expect(requestOf({ context }, caller(uid))).rejects.toMatchObject({
      code: 'CONTEXT_NOT_HERE',
      message: expect.stringContaining(reason),
    });
  });

  it('can be named by path, also as a tar, which stays', async () => {
    const directory = await directoryOf({ Dockerfile: 'FROM scratch' });
    expect((await requestOf({ context: { kind: 'named', name: directory } })).context).toBe(directory);
    const file = join(place, 'context.tar');
    await writeFile(file, tarOf({ name: 'Dockerfile', content: 'FROM tar' }));
    expect((await requestOf({ context: { kind: 'named', name: file } })).dockerfile).toBe('FROM tar\n');
    expect((await stat(file)).isFile()).toBe(true);
    await expect(requestOf({ context: { kind: 'named', name: file } }, caller(stranger))).rejects.toThrow(
      'permission denied',
    );
  });
});

describe('Dockerfiles', () => {
  it('are Containerfile, then Dockerfile, when none is named', async () => {
    const both = await inPlace({ Containerfile: 'FROM c', Dockerfile: 'FROM d' });
    expect((await requestOf({ context: both })).dockerfile).toBe('FROM c\n');
    const one = await inPlace({ Dockerfile: 'FROM d' });
    expect((await requestOf({ context: one })).dockerfile).toBe('FROM d\n');
    await expect(requestOf({ context: await inPlace({}) })).rejects.toThrow('no Containerfile or Dockerfile');
    await expect(requestOf({})).rejects.toThrow('no Containerfile or Dockerfile');
  });

  it('are looked for in the context, then by their last name, and joined', async () => {
    const context = await inPlace({ 'sub/a': 'FROM a', b: '\nRUN b\n' });
    expect((await requestOf({ context, ...path('sub/a', '/home/me/b') })).dockerfile).toBe(
      'FROM a\n\nRUN b\n',
    );
    await expect(requestOf({ context, ...path('a') })).rejects.toThrow('open a: no such file in the context');
  });

  it('are fetched by their address', async () => {
    await expect(requestOf(path('https://example.com/Dockerfile'))).rejects.toThrow('offline');
    expect(await left()).toEqual([]);
  });

  it('are never looked for outside', async () => {
    const context = await inPlace({ Dockerfile: 'FROM scratch' });
    const directory = (context as { path: string }).path;
    await writeFile(join(place, 'secret'), 'root:x:0');
    await symlink(join(place, 'secret'), join(directory, 'link'));
    await symlink('..', join(directory, 'up'));
    const { kind } = context;
    const again = { kind, path: directory, identity: await identityOf(directory) } as ContextPlace;
    for (const name of ['link', 'up/secret', '../secret', join(place, 'secret')]) {
      await expect(requestOf({ context: again, ...path(name) })).rejects.toThrow(
        'no such file in the context',
      );
    }
  });

  it('may be links inside the context', async () => {
    const context = await inPlace({ 'docker/real': 'FROM real' });
    const directory = (context as { path: string }).path;
    await symlink('/docker/real', join(directory, 'Dockerfile'));
    const again: ContextPlace = { kind: 'directory', path: directory, identity: await identityOf(directory) };
    expect((await requestOf({ context: again })).dockerfile).toBe('FROM real\n');
  });

  it('are not pipes, and not endless', async () => {
    const by = caller();
    const context = await sent(by, { name: 'Dockerfile', type: '6' });
    await expect(requestOf({ context, ...path('Dockerfile') }, by)).rejects.toThrow('no such file');
    const long = await inPlace({ Dockerfile: 'x'.repeat(10 * 1024 * 1024 + 1) });
    await expect(requestOf({ context: long })).rejects.toThrow('more than 10485760 bytes');
  });
});

describe('ignore files', () => {
  const names = [
    'Dockerfile.containerignore',
    'Dockerfile.dockerignore',
    '.containerignore',
    '.dockerignore',
  ];
  it.each(names.map((name, index) => [name, names.slice(index)] as const))(
    '%s is the first of %j',
    async (name, present) => {
      const files = Object.fromEntries(present.map((each) => [each, each]));
      const { ignore } = await requestOf({
        context: await inPlace({ Dockerfile: 'FROM scratch', ...files }),
      });
      expect(ignore).toEqual([name]);
    },
  );

  it('are not looked at when the call has the lines', async () => {
    const context = await inPlace({ Dockerfile: 'FROM scratch', '.dockerignore': 'no' });
    expect((await requestOf({ context, ignore: ['# a', '', '/b/'] })).ignore).toEqual(['b']);
    expect((await requestOf({ context, ignore: [] })).ignore).toEqual([]);
  });
});

describe('secrets', () => {
  it('are files for nobody else, gone afterwards', async () => {
    look = async ({ secrets }) =>
      await Promise.all(
        secrets.map(async ({ id, file }) => [
          id,
          await readFile(file, 'utf8'),
          (await stat(file)).mode & 0o777,
        ]),
      );
    const request = await requestOf({
      ...text('FROM scratch'),
      secrets: [{ id: 's', value: Buffer.from('hush') }],
    });
    expect(seen).toEqual([['s', 'hush', 0o600]]);
    expect(request.secrets[0]?.file).toContain(`${place}/run/`);
    expect(JSON.stringify(request)).not.toContain('hush');
    expect(await left()).toEqual([]);
  });
});

describe('what reaches further than the build', () => {
  const { run } = plainBuild;
  const rights: readonly (readonly [right: string, input: Partial<BuildInput>])[] = [
    ['volumes', { run: { ...run, volumes: ['/a:/b'] } }],
    ['devices', { run: { ...run, devices: ['/dev/fuse'] } }],
    ['capabilities', { run: { ...run, addCapabilities: ['SYS_ADMIN'] } }],
    ['runtime-args', { run: { ...run, runtimeArgs: ['--debug'] } }],
    ['host-network', { network: 'host' }],
  ];
  it.each(rights)('is for root and the own user, if it is not denied: %s', async (right, input) => {
    const build = { ...text('FROM scratch'), ...input };
    await expect(requestOf(build)).resolves.toBeDefined();
    await expect(requestOf(build, caller(0))).resolves.toBeDefined();
    await expect(requestOf(build, caller(stranger))).rejects.toThrow(`${right}: only root`);
    const denied = { denied: new Set([right]) } as Partial<BuildPolicy>;
    await expect(requestOf(build, caller(0), denied)).rejects.toThrow(
      `${right}: this service is set up not to allow`,
    );
  });

  it.each([
    ['iidfile', { iidfile: '/tmp/id' }],
    ['agents', { agents: new Map([['default', '/run/agent']]) }],
    ['cgroupParent', { run: { ...run, resources: { ...run.resources, cgroupParent: '/x' } } }],
    ['isolation', { run: { ...run, isolation: 'chroot' } }],
  ] as const)('is not for others: %s', async (name, input) => {
    await expect(requestOf({ ...text('FROM scratch'), ...input }, caller(stranger))).rejects.toThrow(
      `${name}: only root`,
    );
    await expect(requestOf({ ...text('FROM scratch'), ...input })).resolves.toBeDefined();
  });

  it('is for all what the service is set up for anyway', async () => {
    const build = { ...text('FROM scratch'), run: { ...run, isolation: 'chroot' } } as const;
    await expect(requestOf(build, caller(stranger), { isolation: 'chroot' })).resolves.toBeDefined();
  });

  it('is told to the builder where the Dockerfile asks for it', async () => {
    const build = text('FROM scratch');
    const insecure = new Set(['insecure'] as const);
    const may = async (by: Caller, policy?: Partial<BuildPolicy>): Promise<unknown> =>
      (await requestOf(build, by, policy)).mayRun;
    expect(await may(caller(0))).toEqual({ insecure: true, hostNetwork: true });
    expect(await may(caller(0), { denied: insecure })).toEqual({ insecure: false, hostNetwork: true });
    expect(await may(caller(stranger))).toEqual({ insecure: false, hostNetwork: false });
    expect(await may(caller(-1))).toEqual({ insecure: false, hostNetwork: false });
  });
});

describe('what the service is set up for', () => {
  it('holds where the call says nothing', async () => {
    const policy = { isolation: 'chroot', newStepLines: true, epoch: 5 } as const;
    const build = text('FROM scratch');
    expect(await requestOf(build, caller(), policy)).toMatchObject({
      run: { isolation: 'chroot' },
      newStepLines: true,
      epoch: 5,
    });
    const chosen = {
      ...build,
      run: { ...plainBuild.run, isolation: 'oci' },
      newStepLines: false,
      epoch: 7,
    } as const;
    expect(await requestOf(chosen, caller(), policy)).toMatchObject({
      run: { isolation: 'oci' },
      newStepLines: false,
      epoch: 7,
    });
    const args = { ...build, buildArgs: new Map([['SOURCE_DATE_EPOCH', '6']]) };
    expect(await requestOf(args, caller(), policy)).toMatchObject({ epoch: 6 });
  });
});

describe('values that are none', () => {
  const { run } = plainBuild;
  it.each<readonly [string, Partial<BuildInput>]>([
    ['annotation "x": expected KEY=VALUE', { annotations: ['x'] }],
    ['label "=x": expected KEY=VALUE', { labels: ['=x'] }],
    ['addHosts "x": expected NAME:ADDRESS', { run: { ...run, addHosts: ['x'] } }],
    ['ulimit "files": expected NAME=SOFT[:HARD]', { run: { ...run, ulimits: ['files'] } }],
    ['volume "/a": expected SOURCE:TARGET[:OPTIONS]', { run: { ...run, volumes: ['/a'] } }],
    ['device "fuse": expected HOST[:CONTAINER[:rwm]]', { run: { ...run, devices: ['fuse'] } }],
    ['shmSize "big": expected a size such as 64m', { run: { ...run, shmSize: 'big' } }],
    ['invalid platform "linux"', { platform: 'linux' }],
    ['sourceDateEpoch: expected seconds', { epoch: -1 }],
    ['SOURCE_DATE_EPOCH "now": expected seconds', { buildArgs: new Map([['SOURCE_DATE_EPOCH', 'now']]) }],
    ['memory: expected no negative number', { run: { ...run, resources: { ...run.resources, memory: -1 } } }],
    [
      'memorySwap: expected no negative number',
      { run: { ...run, resources: { ...run.resources, memorySwap: -2 } } },
    ],
    ['secret: it has no id', { secrets: [{ id: '', value: Buffer.alloc(0) }] }],
    ['syntax error in pattern', { ignore: ['[a'] }],
  ])('%s', async (message, input) => {
    await expect(requestOf({ ...text('FROM scratch'), ...input })).rejects.toThrow(message);
    expect(requests).toEqual([]);
  });
});
