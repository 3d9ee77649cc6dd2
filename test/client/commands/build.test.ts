// imagectl build: what its flags and files become, where its log goes, how it ends.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { spawnSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CommandFailed,
  ContextNotHere,
  OperationFailed,
  type BuildParameters,
  type BuildSettings,
  type IoImagedService,
} from '../../../src/generated/io-imaged.js';
import { readFile as readFrames, writeFrame } from '../../../src/rpc/frames.js';
import { tarOf } from '../../archive/tar-builder.js';
import { imagectl, type Run, type Surroundings } from '../support/imagectl.js';
import { startService, type RunningService } from '../support/service.js';

const id = 'e'.repeat(64);

let place: string;
let service: RunningService;
let asked: BuildParameters[];
/** What was sent, in order. */
let sent: Buffer[];
/** Throws in the place of the service. */
let refuse: (parameters: BuildParameters) => void;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'build-'));
  await mkdir(join(place, 'context'));
  await write('Dockerfile', 'FROM scratch\n');
  asked = [];
  sent = [];
  refuse = () => undefined;
  service = await startService({}, imaged);
});

afterEach(async () => {
  await service.close();
  await rm(place, { recursive: true });
});

/* oxlint-disable typescript/require-await -- the shape of a service */
const imaged: Partial<IoImagedService> = {
  async *build(parameters) {
    asked.push(parameters);
    refuse(parameters);
    yield { logs: ['STEP 1/1: FROM scratch\n', '\u001b[31mred\n'], id: '' };
    return { logs: [], id };
  },
  async upload({ content }, call) {
    const handle = `/${content}/${sent.length}`;
    call.upgrade?.(async (raw) => {
      const parts: Buffer[] = [];
      for await (const part of readFrames(raw)) parts.push(part);
      sent.push(Buffer.concat(parts));
      await writeFrame(raw, 'e');
    });
    return { handle };
  },
};

/* oxlint-enable typescript/require-await */

async function write(name: string, content: string | Buffer): Promise<string> {
  const path = join(place, 'context', name);
  await writeFile(path, content);
  return path;
}

const context = (): string => join(place, 'context');

function build(args: readonly string[], surroundings?: Surroundings): Promise<Run> {
  return imagectl(service, ['build', ...args], surroundings);
}

async function settingsFor(...args: readonly string[]): Promise<BuildSettings> {
  const { code, stderr } = await build([...args, context()]);
  expect([code, stderr]).toEqual([0, '']);
  return asked.at(-1)?.settings ?? {};
}

function fromInput(bytes: Buffer): Surroundings {
  const input = new PassThrough();
  input.end(bytes);
  return { stdio: { input, output: new PassThrough() } };
}

describe('the log', () => {
  it('is the output, as it comes', async () => {
    expect(await build([context()])).toEqual({
      stdout: 'STEP 1/1: FROM scratch\n\u001b[31mred\n',
      stderr: '',
      code: 0,
    });
  });

  it('is not there with -q, but the id', async () => {
    expect(await build(['-q', context()])).toEqual({ stdout: `${id}\n`, stderr: '', code: 0 });
    expect(asked[0]?.settings?.quiet).toBe(true);
  });

  it('goes to --logfile, and the id to --iidfile', async () => {
    const log = join(place, 'log');
    const file = join(place, 'id');
    expect(await build(['--logfile', log, '--iidfile', file, context()])).toEqual({
      stdout: '',
      stderr: '',
      code: 0,
    });
    expect(await readFile(log, 'utf8')).toBe('STEP 1/1: FROM scratch\n\u001b[31mred\n');
    expect(await readFile(file, 'utf8')).toBe(`sha256:${id}`);
  });
});

describe('the end of a build', () => {
  it('has the status of the command that failed', async () => {
    refuse = () => {
      throw new CommandFailed(42, 'building at STEP "RUN exit 42": exit status 42');
    };
    const { code, stderr } = await build([context()]);
    expect([code, stderr]).toEqual([42, 'Error: building at STEP "RUN exit 42": exit status 42\n']);
  });

  it('is 125 for everything else', async () => {
    refuse = () => {
      throw new OperationFailed('no such image');
    };
    expect(await build([context()])).toMatchObject({ code: 125, stderr: 'Error: no such image\n' });
  });
});

describe('a directory', () => {
  it('is read by the service, if it can do that', async () => {
    await build([context()]);
    expect(asked[0]?.context).toEqual({
      directory: { path: context(), identity: expect.stringMatching(/^\d+:\d+:\d{19}$/) },
    });
    expect(sent).toEqual([]);
  });

  it('is sent if it cannot, without what is ignored', async () => {
    refuse = ({ context: given }) => {
      if (given?.directory !== undefined) throw new ContextNotHere(given.directory.path, 'not here');
    };
    await write('.dockerignore', 'secret*\n');
    await write('secret.key', 'hush');
    await write('file', 'content');
    expect(await build([context()])).toMatchObject({ code: 0, stderr: '' });
    expect(asked).toHaveLength(2);
    expect(asked[1]).toMatchObject({ context: { archive: '/context/0' }, settings: { ignore: ['secret*'] } });
    expect(sent[0]?.includes('hush')).toBe(false);
    const { stdout } = spawnSync('tar', ['-t'], { input: sent[0], encoding: 'utf8' });
    expect(stdout.split('\n')).toEqual(['.', '.dockerignore', 'Dockerfile', 'file', '']);
  });

  it.each([
    ['that is not there', (): string => join(place, 'none')],
    ['that is a file', (): string => join(place, 'context/Dockerfile')],
  ])('%s is an error', async (_what, pathOf) => {
    const path = pathOf();
    expect(await build([path])).toMatchObject({
      code: 125,
      stderr: `Error: context must be a directory: ${JSON.stringify(path)}\n`,
    });
  });

  it('need not be named when a Dockerfile is', async () => {
    await build(['-f', join(context(), 'Dockerfile')]);
    expect(asked[0]?.context?.directory?.path).toBe(context());
    expect(await build([])).toMatchObject({
      code: 125,
      stderr: 'Error: no context directory and no Containerfile specified\n',
    });
  });
});

describe('Dockerfiles', () => {
  const texts = (): unknown => asked.at(-1)?.settings?.dockerfiles;

  it('are Containerfile, then Dockerfile of the context', async () => {
    await build([context()]);
    expect(texts()).toEqual([{ text: 'FROM scratch\n' }]);
    await write('Containerfile', 'FROM c');
    await build([context()]);
    expect(texts()).toEqual([{ text: 'FROM c' }]);
    expect(await build([place])).toMatchObject({
      code: 125,
      stderr: expect.stringContaining(
        'no Containerfile or Dockerfile specified or found in context directory',
      ),
    });
  });

  it('are found outside of the context, in it, and in directories', async () => {
    await writeFile(join(place, 'other'), 'FROM other');
    await write('inner', 'FROM inner');
    await build(['-f', join(place, 'other'), '-f', 'inner', '-f', context(), context()]);
    expect(texts()).toEqual([{ text: 'FROM other' }, { text: 'FROM inner' }, { text: 'FROM scratch\n' }]);
    expect(await build(['-f', 'none', context()])).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('none: no such file or directory'),
    });
  });

  it('may be the standard input, with a context or without', async () => {
    await build(['-f', '-', context()], fromInput(Buffer.from('FROM stdin')));
    expect(texts()).toEqual([{ text: 'FROM stdin' }]);
    expect(asked.at(-1)?.context?.directory?.path).toBe(context());
    await build(['-f', '-'], fromInput(Buffer.from('FROM alone')));
    expect(asked.at(-1)).toMatchObject({ settings: { dockerfiles: [{ text: 'FROM alone' }] } });
    expect(asked.at(-1)?.context).toBeUndefined();
  });

  it('have ignore files of their own', async () => {
    await write('.containerignore', 'general');
    await write('Dockerfile.dockerignore', '# mine\n/special/\n');
    expect((await settingsFor()).ignore).toEqual(['special']);
    await write('inner', 'FROM inner');
    expect((await settingsFor('-f', 'inner')).ignore).toEqual(['general']);
    await writeFile(join(place, 'given'), '!a');
    expect((await settingsFor('--ignorefile', join(place, 'given'))).ignore).toEqual(['!a']);
  });
});

describe('the standard input as the context', () => {
  it.each([
    ['a tar', tarOf({ name: 'Dockerfile', content: 'FROM tar' })],
    ['a zipped tar', gzipSync(tarOf({ name: 'Dockerfile', content: 'FROM tar' }))],
  ])('is sent as it is: %s', async (_what, bytes) => {
    expect(await build(['-f', 'Dockerfile', '-'], fromInput(bytes))).toMatchObject({ code: 0 });
    expect(sent).toEqual([bytes]);
    expect(asked[0]).toMatchObject({
      context: { archive: '/context/0' },
      settings: { dockerfiles: [{ path: 'Dockerfile' }] },
    });
  });

  it('is a Dockerfile if it is no archive', async () => {
    await build(['-'], fromInput(Buffer.from('FROM scratch\nLABEL a=b\n')));
    expect(asked[0]?.context).toBeUndefined();
    expect(asked[0]?.settings?.dockerfiles).toEqual([{ text: 'FROM scratch\nLABEL a=b\n' }]);
  });

  it('cannot be the Dockerfile at the same time', async () => {
    expect(await build(['-f', '-', '-'])).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('not both'),
    });
  });
});

describe('an address', () => {
  it('is a tar or a Dockerfile', async () => {
    const tar = tarOf({ name: 'Dockerfile', content: 'FROM tar' });
    const server = createServer(({ url }, response) =>
      response.end(url === '/context.tar' ? tar : 'FROM web'),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      await build([`${base}/context.tar`]);
      expect(sent).toEqual([tar]);
      await build([`${base}/Dockerfile`]);
      expect(asked.at(-1)?.settings?.dockerfiles).toEqual([{ text: 'FROM web' }]);
      await build(['-f', `${base}/Dockerfile`, context()]);
      expect(asked.at(-1)).toMatchObject({ settings: { dockerfiles: [{ text: 'FROM web' }] } });
    } finally {
      server.close();
    }
  });
});

describe('a repository', () => {
  it.each([
    'https://example.com/a.git',
    'git://example.com/a',
    'github.com/a/b',
    'https://example.com/a.git#side:sub',
  ])('is fetched by the service: %s', async (address) => {
    await build(['-f', 'Other', address]);
    expect(asked[0]).toMatchObject({ context: { address }, settings: { dockerfiles: [{ path: 'Other' }] } });
  });
});

describe('further contexts', () => {
  it('are directories and archives by name', async () => {
    const file = join(place, 'more.tar');
    await writeFile(file, tarOf({ name: 'file' }));
    const settings = await settingsFor('--build-context', `one=${place}`, '--build-context', `two=${file}`);
    expect(settings.contexts).toEqual([
      { name: 'one', context: { directory: { path: place, identity: expect.any(String) } } },
      { name: 'two', context: { archive: '/context/0' } },
    ]);
  });
});

describe('names for images', () => {
  it.each([
    'docker-image://example.com/base:1',
    'container-image://example.com/base:1',
    'docker://example.com/base:1',
  ])('are taken from %s', async (image) => {
    const { contexts } = await settingsFor('--build-context', `base=${image}`);
    expect(contexts).toEqual([{ name: 'base', image: 'example.com/base:1' }]);
  });
});

describe('flags', () => {
  it('are layers, cache and staged lines when there are none', async () => {
    expect(await settingsFor()).toMatchObject({
      names: [],
      buildArgs: {},
      format: 'oci',
      layers: true,
      cache: true,
      identityLabel: true,
      allStages: false,
      stepLines: 'staged',
      rewriteTimestamp: false,
    });
  });

  it.each<readonly [string, object]>([
    ['-t a -t b:1', { names: ['a', 'b:1'] }],
    ['--target second', { target: 'second' }],
    ['--platform linux/arm/v7', { platform: 'linux/arm/v7' }],
    ['--arch arm64', { platform: 'linux/arm64' }],
    ['--os linux --arch arm --variant v6', { platform: 'linux/arm/v6' }],
    ['--build-arg A=1=2 --build-arg B=', { buildArgs: { A: '1=2', B: '' } }],
    ['--label a=b --annotation c=d', { labels: ['a=b'], annotations: ['c=d'] }],
    ['--format docker', { format: 'docker' }],
    ['--no-layers', { layers: false }],
    ['--layers=false', { layers: false }],
    ['--no-cache', { cache: false }],
    ['--squash', { layers: false, squash: 'new' }],
    ['--squash-all', { layers: false, squash: 'all' }],
    ['--pull', { pull: 'always' }],
    ['--pull=never', { pull: 'never' }],
    ['--pull=newer', { pull: 'newer' }],
    ['--pull=false', { pull: 'missing' }],
    ['--pull-always', { pull: 'always' }],
    ['--pull-never', { pull: 'never' }],
    ['--timestamp 0', { sourceDateEpoch: 0, rewriteTimestamp: true }],
    ['--source-date-epoch 7', { sourceDateEpoch: 7, rewriteTimestamp: false }],
    ['--source-date-epoch 7 --rewrite-timestamp', { sourceDateEpoch: 7, rewriteTimestamp: true }],
    ['--no-identity-label', { identityLabel: false }],
    ['--identity-label=false', { identityLabel: false }],
    ['--skip-unused-stages=false', { allStages: true }],
    ['--all-stages', { allStages: true }],
    ['--sign-by KEY', { signBy: 'KEY' }],
    ['--isolation chroot', { run: { isolation: 'chroot' } }],
    ['--isolation=rootless', { run: { isolation: 'oci' } }],
    ['--network host', { run: { network: 'host' } }],
    ['--network=private', { run: { network: 'default' } }],
    ['--add-host a:1.2.3.4', { run: { addHosts: ['a:1.2.3.4'] } }],
    [
      '--cap-add a,b --cap-add c --cap-drop d',
      { run: { addCapabilities: ['a', 'b', 'c'], dropCapabilities: ['d'] } },
    ],
    ['--device /dev/fuse -v /a:/b:ro', { run: { devices: ['/dev/fuse'], volumes: ['/a:/b:ro'] } }],
    [
      '--shm-size 1m --ulimit nofile=1:2,nproc=3',
      { run: { shmSize: '1m', ulimits: ['nofile=1:2', 'nproc=3'] } },
    ],
    ['--security-opt no-new-privileges', { run: { noNewPrivileges: true } }],
    ['--runtime-flag debug', { run: { runtimeArgs: ['debug'] } }],
    [
      '--cgroup-parent /x --cpu-period 1 --cpu-quota -1 -c 3 --cpuset-cpus 0-1 --cpuset-mems 0',
      {
        run: {
          cgroupParent: '/x',
          cpuPeriod: 1,
          cpuQuota: -1,
          cpuShares: 3,
          cpusetCpus: '0-1',
          cpusetMems: '0',
        },
      },
    ],
    ['-m 2k --memory-swap -1', { run: { memory: 2048, memorySwap: -1 } }],
    ['--memory 1g --memory-swap 2gb', { run: { memory: 1024 ** 3, memorySwap: 2 * 1024 ** 3 } }],
    ['--rm --force-rm=false --compress -D --jobs 4 --retry 2 --tls-verify=true', {}],
  ])('%s', async (args, expected) => {
    expect(await settingsFor(...args.split(' '))).toMatchObject(expected);
  });

  it('may be the last thing before the context, whose name they do not take', async () => {
    expect((await settingsFor('--pull')).pull).toBe('always');
  });

  it.each([
    ['--platform linux/amd64,linux/arm64', '--platform: a build has one platform'],
    ['--os linux', '--os and --variant need --arch'],
    ['--network bridge', '--network: expected private, none or host, not bridge'],
    ['--isolation jail', '--isolation: expected oci, rootless, chroot, default, not jail'],
    ['--format oci2', '--format: expected oci, docker, not oci2'],
    ['--pull=sometimes', '--pull: expected true, '],
    ['--memory lots', '--memory: expected a size such as 512m, not lots'],
    ['--timestamp now', '--timestamp: expected a whole number, not now'],
    ['--security-opt seccomp=x', '--security-opt: only no-new-privileges is offered'],
    ['--build-arg =x', '--build-arg =x: expected NAME'],
    ['--build-context x', '--build-context x: expected NAME=PLACE'],
    ['--secret src=x', '--secret : expected id=ID'],
    ['--secret id=s,src=/no/such', '--secret s: open /no/such: no such file or directory'],
    ['--secret id=s,env=NONE', '--secret s: the variable NONE is not set'],
    ['--ssh default', '--ssh default: there is no agent'],
    ['--creds a:b', '--creds: registries are reached with the settings and credentials of the service'],
    ['--tls-verify=false', '--no-tls-verify: registries are reached'],
    ['--no-hosts', '--no-hosts: '],
    ['--stdin', '--stdin: commands of a build have nothing to read'],
    ['--userns host', '--userns: commands of a build have namespaces of their own'],
    ['-o out', '--output: a build makes one image'],
    ['--manifest all', '--manifest: a build makes one image'],
    ['--all-platforms', '--all-platforms: a build makes one image'],
    ['--from x', '--from: say that in the Dockerfile'],
    ['--cache-from x', '--cache-from: the cache is the store of the service'],
  ])('%s ends with a sentence', async (args, message) => {
    const { code, stderr, stdout } = await build([...args.split(' '), context()]);
    expect([code, stdout]).toEqual([125, '']);
    expect(stderr).toContain(message);
    expect(asked).toEqual([]);
  });
});

describe('the environment', () => {
  const environment = {
    A: 'from here',
    HTTP_PROXY: 'http://proxy',
    no_proxy: 'a,b',
    SSH_AUTH_SOCK: '/run/agent',
    EMPTY: '',
  };
  async function settings(...args: readonly string[]): Promise<BuildSettings | undefined> {
    expect(await build([...args, context()], { environment })).toMatchObject({ code: 0, stderr: '' });
    return asked.at(-1)?.settings;
  }

  it('gives arguments without a value theirs, and proxies', async () => {
    expect((await settings('--build-arg', 'A', '--build-arg', 'NONE'))?.buildArgs).toEqual({
      A: 'from here',
      HTTP_PROXY: 'http://proxy',
      no_proxy: 'a,b',
    });
    expect((await settings('--build-arg', 'HTTP_PROXY=x'))?.buildArgs).toMatchObject({ HTTP_PROXY: 'x' });
    expect((await settings('--http-proxy=false'))?.buildArgs).toEqual({});
    expect((await settings('--no-http-proxy'))?.buildArgs).toEqual({});
  });

  it('gives secrets and agents', async () => {
    await writeFile(join(place, 'key'), Buffer.from([0xff, 0x00]));
    const secrets = ['id=b,env=A', 'id=c,type=env,src=EMPTY', `id=d,src=${join(place, 'key')}`];
    const given = await settings(
      ...secrets.flatMap((secret) => ['--secret', secret]),
      '--ssh',
      'default',
      '--ssh',
      'other=/run/other',
    );
    expect(given?.secrets).toEqual([
      { id: 'b', value: Buffer.from('from here').toString('base64') },
      { id: 'c', value: '' },
      { id: 'd', value: '/wA=' },
    ]);
    expect(given?.agents).toEqual([
      { id: 'default', socket: '/run/agent' },
      { id: 'other', socket: '/run/other' },
    ]);
  });
});
