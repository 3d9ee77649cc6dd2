// Builds as clients ask for them at both doors: what they are told, what they may do, and that nothing is left when they go.
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { connect, createServer as createNetServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { tarOf, type Made } from '../archive/tar-builder.js';
import { Imaged } from './support/imaged.js';
import { exchangedFiles, OldClient, untilExchanged } from './support/old-client.js';
import { PeerStore } from './support/peer-store.js';
import { output, run, stop } from './support/process.js';

jest.setTimeout(120_000);

const stranger = 4711;

let store: PeerStore;
let daemon: Imaged;
let busybox: Buffer;

beforeAll(async () => {
  busybox = await readFile('/bin/busybox');
  store = await PeerStore.create();
  await chmod(store.directory, 0o755);
  daemon = await Imaged.start(store);
  await chmod(daemon.address.replace('unix:', ''), 0o666);
});

afterAll(async () => {
  await daemon?.close();
  await store?.close();
});

interface BuildReply {
  readonly parameters: {
    readonly image: { readonly logs: string[]; readonly id: string };
    readonly reason?: string;
  };
  readonly continues?: true;
  readonly error?: string;
}

/** Sends a context and builds it on the same connection, as clients of 2020 do. */
async function buildOf(caller: OldClient, entries: readonly Made[], build: object): Promise<BuildReply[]> {
  const contextDir = await caller.upload(tarOf(...entries));
  caller.send({
    method: 'io.podman.BuildImage',
    parameters: { build: { contextDir, ...build } },
    more: true,
  });
  const replies: BuildReply[] = [];
  do replies.push((await caller.next()) as BuildReply);
  while (replies.at(-1)?.continues === true);
  return replies;
}

async function build(entries: readonly Made[], fields: object = {}): Promise<BuildReply[]> {
  using caller = new OldClient(daemon.address);
  return await buildOf(caller, entries, fields);
}

const linesOf = (replies: readonly BuildReply[]): string[] =>
  replies.flatMap(({ parameters }) => parameters.image?.logs ?? []);

const dockerfile = (...lines: readonly string[]): Made => ({
  name: 'Dockerfile',
  content: `${lines.join('\n')}\n`,
});
const shell = (): Made => ({ name: 'busybox', mode: 0o755, content: busybox });
const fromShell = ['FROM scratch', 'COPY busybox /bin/busybox', 'COPY busybox /bin/sh'];

describe('BuildImage', () => {
  it('tells each line in a reply of its own, and the id in the last', async () => {
    const entries = [dockerfile('FROM scratch', 'COPY file /', 'LABEL a=b'), { name: 'file', content: 'x' }];
    const replies = await build(entries, { output: 'foobar', additionalTags: ['second:2'], layers: true });
    const last = replies.at(-1);
    const id = last?.parameters.image.id ?? '';
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(last).toEqual({ parameters: { image: { logs: [], id } } });
    for (const reply of replies.slice(0, -1)) {
      expect(reply).toEqual({
        parameters: { image: { logs: [expect.stringMatching(/^[^\n]+\n$/)], id: '' } },
        continues: true,
      });
    }
    expect(linesOf(replies)).toEqual([
      'STEP 1: FROM scratch\n',
      'STEP 2: COPY file /\n',
      expect.stringMatching(/^--> [0-9a-f]{11}\n$/),
      'STEP 3: LABEL a=b\n',
      'STEP 4: COMMIT foobar\n',
      `--> ${id.slice(0, 11)}\n`,
      `${id}\n`,
    ]);
    const names = await store.podmanJson<{ Names?: string[] }[]>('images', '--format', 'json');
    expect(names.flatMap(({ Names = [] }) => Names)).toEqual(
      expect.arrayContaining(['localhost/foobar:latest', 'localhost/second:2']),
    );
    expect(await exchangedFiles(store.root)).toEqual([]);
  });

  it('goes on with the next call of the connection', async () => {
    using caller = new OldClient(daemon.address);
    await buildOf(caller, [dockerfile('FROM scratch', 'LABEL next=1')], {});
    expect(await caller.call('GetVersion', {})).toMatchObject({ parameters: { remote_api_version: 1 } });
  });

  it('has nothing but the id to say when it is to be quiet', async () => {
    const replies = await build([dockerfile('FROM scratch', 'LABEL quiet=1')], { quiet: true });
    const id = replies.at(-1)?.parameters.image.id;
    expect(linesOf(replies)).toEqual([`${id}\n`]);
  });

  it('needs several replies', async () => {
    using caller = new OldClient(daemon.address);
    const contextDir = await caller.upload(tarOf(dockerfile('FROM scratch')));
    expect(await caller.call('BuildImage', { build: { contextDir } })).toEqual({
      error: 'io.podman.ErrorOccurred',
      parameters: { reason: 'endpoint requires a more connection' },
    });
    // The file is still there for a better call.
    expect(await exchangedFiles(store.root)).toEqual([contextDir]);
    caller.socket.destroy();
    await untilExchanged(store.root);
  });

  it('ends with the error of the step that failed, after the lines before', async () => {
    const entries = [shell(), dockerfile(...fromShell, 'RUN echo one && exit 3')];
    const replies = await build(entries, { layers: true });
    expect(linesOf(replies)).toContain('one\n');
    expect(replies.at(-1)).toMatchObject({
      error: 'io.podman.ErrorOccurred',
      parameters: { reason: expect.stringMatching(/RUN echo one && exit 3.*exit status 3/) },
    });
  });

  it.each([
    [{ outputFormat: 'tar' }, 'outputFormat: unrecognized image type "tar"'],
    [{ pullPolicy: 'Maybe' }, 'pullPolicy: unrecognized pull policy "Maybe"'],
    [{ annotations: ['x'] }, 'annotation "x": expected KEY=VALUE'],
    [{ dockerfiles: ['None'] }, 'open None: no such file in the context'],
  ])('names the field that is wrong: %j', async (fields, reason) => {
    const [reply] = await build([dockerfile('FROM scratch')], fields);
    expect(reply).toMatchObject({
      error: 'io.podman.ErrorOccurred',
      parameters: { reason: expect.stringContaining(reason) },
    });
  });

  it('takes the words of clients of 2020', async () => {
    const replies = await build([dockerfile('FROM scratch', 'LABEL words=1')], {
      dockerfiles: ['/home/somebody/project/Dockerfile'],
      outputFormat: 'application/vnd.docker.distribution.manifest.v2+json',
      pullPolicy: 'PullIfMissing',
      buildOptions: { shmSize: '65536k', ulimit: ['nofile=1024:1024'] },
      forceRmIntermediateCtrs: true,
      remoteIntermediateCtrs: true,
      reportWriter: '',
      output: 'words',
    });
    expect(replies.at(-1)?.error).toBeUndefined();
    const [image] = await store.podmanJson<{ ManifestType: string }[]>('image', 'inspect', 'localhost/words');
    expect(image?.ManifestType).toBe('application/vnd.docker.distribution.manifest.v2+json');
  });

  it('writes the id where root asks for it', async () => {
    const file = join(store.directory, 'iid');
    const replies = await build([dockerfile('FROM scratch', 'LABEL iid=1')], { iidfile: file });
    expect(await readFile(file, 'utf8')).toBe(`sha256:${replies.at(-1)?.parameters.image.id}`);
  });
});

describe('a hostile context', () => {
  const cases: readonly (readonly [string, readonly Made[]])[] = [
    ['a name that climbs', [{ name: '../../../../tmp/imaged-escaped', content: 'x' }]],
    [
      'a file behind a link',
      [
        { name: 'l', type: '2', link: '/tmp' },
        { name: 'l/imaged-escaped', content: 'x' },
      ],
    ],
    ['a device', [{ name: 'null', type: '3', major: 1, minor: 3 }]],
    ['a hard link out', [{ name: 'l', type: '1', link: '../../../etc/passwd' }]],
  ];
  it.each(cases)('is refused, and gone: %s', async (_what, entries) => {
    const [reply] = await build([dockerfile('FROM scratch', 'COPY . /'), ...entries]);
    expect(reply?.error).toBe('io.podman.ErrorOccurred');
    expect(existsSync('/tmp/imaged-escaped')).toBe(false);
    expect(await leftovers()).toEqual([]);
  });

  it('has no Dockerfile of the host', async () => {
    const link = { name: 'Dockerfile', type: '2', link: '/etc/hostname' };
    const [reply] = await build([link], { dockerfiles: ['Dockerfile'] });
    expect(reply).toMatchObject({
      parameters: { reason: expect.stringContaining('no such file in the context') },
    });
  });
});

describe('a caller that goes away', () => {
  it('ends the command, and leaves nothing', async () => {
    const caller = new OldClient(daemon.address);
    const seconds = 4000 + Math.floor(Math.random() * 1000);
    const contextDir = await caller.upload(
      tarOf(shell(), dockerfile(...fromShell, `RUN ["/bin/busybox", "sleep", "${seconds}"]`)),
    );
    caller.send({
      method: 'io.podman.BuildImage',
      parameters: { build: { contextDir, layers: true } },
      more: true,
    });
    await until(async () => (await processesOf(String(seconds))).length > 0);
    caller.socket.destroy();
    await until(async () => (await processesOf(String(seconds))).length === 0);
    await until(async () => (await leftovers()).length === 0);
    expect(await store.buildahOutput('containers', '-q')).toBe('');
  });
});

describe('another user', () => {
  /** imagectl as somebody else, who may not get at where the checkout is. */
  async function asStranger(...args: readonly string[]): ReturnType<typeof run> {
    const client = join(store.directory, 'client');
    if (!existsSync(client)) await cp(join('dist', 'imagectl'), client, { recursive: true });
    const program = [process.execPath, join(client, 'imagectl.js'), ...args];
    const env = { PATH: process.env['PATH'], IMAGED_ADDRESS: daemon.address };
    return await run(
      'setpriv',
      [`--reuid=${stranger}`, `--regid=${stranger}`, '--clear-groups', ...program],
      { env },
    );
  }

  it('builds what is sent, and cannot reach further', async () => {
    const directory = join(store.directory, 'theirs');
    await mkdir(directory);
    await writeFile(join(directory, 'file'), 'theirs');
    await writeFile(join(directory, 'Dockerfile'), 'FROM scratch\nCOPY file /\n');
    const built = await asStranger('build', '-q', directory);
    expect([built.code, built.stderr]).toEqual([0, '']);
    expect(built.stdout).toMatch(/^[0-9a-f]{64}\n$/);
    for (const flags of [
      ['-v', '/etc:/host'],
      ['--device', '/dev/null'],
      ['--cap-add', 'SYS_ADMIN'],
      ['--network', 'host'],
    ]) {
      const refused = await asStranger('build', ...flags, directory);
      expect([flags, refused.code, refused.stderr]).toEqual([
        flags,
        125,
        expect.stringContaining('only root and the user'),
      ]);
    }
    await writeFile(join(directory, 'Dockerfile'), 'FROM scratch\nRUN --network=host ["/x"]\n');
    expect(await asStranger('build', directory)).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('network=host'),
    });
  });
});

describe('imagectl build', () => {
  async function imagectl(...args: readonly string[]): ReturnType<typeof run> {
    const env = { PATH: process.env['PATH'], IMAGED_ADDRESS: daemon.address, HUSH: 'very-secret-value' };
    return await run(process.execPath, [join(process.cwd(), 'dist', 'imagectl.js'), ...args], { env });
  }

  async function contextOf(name: string, ...lines: readonly string[]): Promise<string> {
    const directory = join(store.directory, name);
    await mkdir(directory);
    await writeFile(join(directory, 'busybox'), busybox, { mode: 0o755 });
    await writeFile(join(directory, 'Dockerfile'), `${[...fromShell, ...lines].join('\n')}\n`);
    return directory;
  }

  it('ends with the status of the command that failed', async () => {
    const directory = await contextOf('status', 'RUN echo to the log && exit 42');
    const { code, stdout, stderr } = await imagectl('build', directory);
    expect([code, stderr]).toEqual([42, expect.stringMatching(/^Error: .*exit status 42\n$/)]);
    expect(stdout).toContain('to the log\n');
  });

  it('ends the build when it is interrupted', async () => {
    const seconds = 5000 + Math.floor(Math.random() * 1000);
    const directory = await contextOf('interrupted', `RUN ["/bin/busybox", "sleep", "${seconds}"]`);
    const program = [join(process.cwd(), 'dist', 'imagectl.js'), 'build', directory];
    const env = { PATH: process.env['PATH'], IMAGED_ADDRESS: daemon.address };
    const child = spawn(process.execPath, program, { env, stdio: 'ignore' });
    await until(async () => (await processesOf(String(seconds))).length > 0);
    child.kill('SIGINT');
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(130);
    await until(async () => (await processesOf(String(seconds))).length === 0);
    await until(async () => (await leftovers()).length === 0);
  });

  it('keeps secrets out of the log, the history and the layers', async () => {
    const directory = await contextOf(
      'secrets',
      'RUN --mount=type=secret,id=hush /bin/busybox wc -c < /run/secrets/hush',
      'RUN /bin/busybox test ! -e /run/secrets/hush',
    );
    const built = await imagectl('build', '-t', 'secrets', '--secret', 'id=hush,env=HUSH', directory);
    expect([built.code, built.stderr]).toEqual([0, '']);
    expect(built.stdout).toContain('17\n');
    expect(built.stdout).not.toContain('very-secret');
    const inspected = await store.podmanOutput('image', 'inspect', 'localhost/secrets');
    expect(inspected).not.toContain('very-secret');
    const found = spawnSync('grep', ['-rl', 'very-secret-value', store.root, store.runroot], {
      encoding: 'utf8',
    });
    expect(found.stdout).toBe('');
    expect(daemon.log.text).not.toContain('very-secret');
  });

  it('has further contexts for --from, and images for FROM', async () => {
    const more = join(store.directory, 'more');
    await mkdir(more);
    await writeFile(join(more, 'file'), 'more');
    await writeFile(join(more, 'Dockerfile'), 'FROM scratch\nLABEL the=base\n');
    expect(await imagectl('build', '-t', 'replaced', more)).toMatchObject({ code: 0 });
    const directory = join(store.directory, 'main');
    await mkdir(directory);
    await writeFile(join(directory, 'Dockerfile'), 'FROM example.com/none\nCOPY --from=other file /\n');
    const flags = [
      '--build-context',
      `other=${more}`,
      '--build-context',
      'example.com/none=docker-image://localhost/replaced',
    ];
    expect(await imagectl('build', '-t', 'with-more', ...flags, directory)).toMatchObject({
      code: 0,
      stderr: '',
    });
    const [image] = await store.podmanJson<{ Labels: object }[]>('image', 'inspect', 'localhost/with-more');
    expect(image?.Labels).toMatchObject({ the: 'base' });
  });

  it('makes the same of a directory in place and one that is sent', async () => {
    const directory = await contextOf('twice', 'COPY . /all');
    await writeFile(join(directory, '.dockerignore'), 'ignored\n');
    await writeFile(join(directory, 'ignored'), 'x');
    const inPlace = await imagectl('build', '-q', '--timestamp', '0', directory);
    const tar = spawnSync('tar', ['-C', directory, '-c', '.'], { maxBuffer: 1e8 }).stdout;
    const program = [
      join(process.cwd(), 'dist', 'imagectl.js'),
      'build',
      '-q',
      '--timestamp',
      '0',
      '--no-cache',
      '-',
    ];
    const env = { PATH: process.env['PATH'], IMAGED_ADDRESS: daemon.address };
    const sent = await run(process.execPath, program, { env, input: tar });
    expect([sent.stderr, sent.stdout]).toEqual(['', inPlace.stdout]);
    expect(inPlace.stdout).toMatch(/^[0-9a-f]{64}\n$/);
  });
});

describe('addresses', () => {
  let web: Server;
  let base: string;
  let git: ChildProcess;
  let repository: string;

  beforeAll(async () => {
    const tar = tarOf(dockerfile('FROM scratch', 'COPY file /'), { name: 'file', content: 'web' });
    web = createServer(({ url }, response) => {
      if (url === '/none') response.writeHead(404);
      response.end(url === '/context.tar' ? tar : 'FROM scratch\nLABEL by=address\n');
    });
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
    base = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
    const directory = join(store.directory, 'repositories', 'app.git');
    await mkdir(join(directory, 'sub'), { recursive: true });
    await writeFile(join(directory, 'sub/Dockerfile'), 'FROM scratch\nCOPY file /\nLABEL by=git\n');
    await writeFile(join(directory, 'sub/file'), 'git');
    await symlink('/etc', join(directory, 'out'));
    const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.com'];
    for (const args of [
      ['init', '-q'],
      ['add', '.'],
      [...identity, 'commit', '-q', '-m', 'all'],
      ['branch', 'side'],
    ]) {
      await output('git', ['-C', directory, ...args], {
        env: { PATH: process.env['PATH'], HOME: store.directory },
      });
    }
    const port = await freePort();
    const args = [
      'daemon',
      '--listen=127.0.0.1',
      `--port=${port}`,
      '--export-all',
      `--base-path=${join(directory, '..')}`,
    ];
    git = spawn('git', args, { stdio: 'ignore', env: { PATH: process.env['PATH'], HOME: store.directory } });
    repository = `git://127.0.0.1:${port}/app.git`;
    await until(() => reachable(port));
  });

  afterAll(async () => {
    web?.close();
    if (git !== undefined) await stop(git);
  });

  async function imagectl(...args: readonly string[]): ReturnType<typeof run> {
    const env = { PATH: process.env['PATH'], IMAGED_ADDRESS: daemon.address };
    return await run(process.execPath, [join(process.cwd(), 'dist', 'imagectl.js'), 'build', ...args], {
      env,
    });
  }

  it('are fetched when a Dockerfile is one', async () => {
    const replies = await build([], { dockerfiles: [`${base}/Dockerfile`] });
    expect(linesOf(replies)).toContain('STEP 2: LABEL by=address\n');
    const missing = await build([], { dockerfiles: [`${base}/none`] });
    expect(missing.at(-1)).toMatchObject({
      error: 'io.podman.ErrorOccurred',
      parameters: { reason: expect.stringContaining('404') },
    });
    const byGit = await build([{ name: 'file', content: 'mine' }], { dockerfiles: [`${repository}#:sub`] });
    expect(linesOf(byGit)).toContain('STEP 3: LABEL by=git\n');
  });

  it('are fetched when a context is one', async () => {
    expect(await imagectl('--build-arg', 'x=1', `${base}/context.tar`)).toMatchObject({
      code: 0,
      stderr: '',
    });
    using caller = new OldClient(daemon.address);
    caller.send({
      method: 'io.imaged.Build',
      parameters: { context: { address: `${base}/context.tar` } },
      more: true,
    });
    expect(await caller.next()).toMatchObject({ parameters: { logs: ['STEP 1: FROM scratch\n'] } });
    expect(await imagectl(`${repository}#side:sub`)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('STEP 3/3: LABEL by=git\n'),
    });
  });

  it('of repositories lead nowhere else', async () => {
    for (const place of ['out', 'none', '../..']) {
      expect(await imagectl('-f', 'hostname', `${repository}#:${place}`)).toMatchObject({ code: 125 });
    }
    expect(await imagectl('file:///etc.git')).toMatchObject({ code: 125 });
    await until(async () => (await leftovers()).length === 0);
  });
});

describe('JSON-RPC', () => {
  it('builds, too', async () => {
    const address = `unix:${join(store.directory, 'jsonrpc')}`;
    const other = await Imaged.start(store, { args: ['--jsonrpc', address] });
    try {
      const directory = join(store.directory, 'rpc');
      await mkdir(directory);
      await writeFile(join(directory, 'Dockerfile'), 'FROM scratch\nLABEL rpc=1\n');
      const program = [
        join(process.cwd(), 'dist', 'imagectl.js'),
        '--url',
        `jsonrpc+${address}`,
        'build',
        directory,
      ];
      const { code, stdout, stderr } = await run(process.execPath, program);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/^STEP 1\/2: FROM scratch\n[^]*\n[0-9a-f]{64}\n$/);
    } finally {
      await other.close();
    }
  });
});

async function freePort(): Promise<number> {
  const server = createNetServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function reachable(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** What builds have made beside the store and not taken away. */
async function leftovers(): Promise<string[]> {
  const places = ['root/imaged/builds', 'run/imaged/secrets', 'root/overlay/staging'];
  const found = await Promise.all(
    places.map(async (place) =>
      (await readdir(join(store.directory, place)).catch(() => [])).map((name) => `${place}/${name}`),
    ),
  );
  const mounts = (await readFile(`/proc/${daemon.pid}/mountinfo`, 'utf8')).split('\n');
  return [...found.flat(), ...mounts.filter((line) => line.includes(store.directory))];
}

/** Processes with this word on their command line. */
async function processesOf(word: string): Promise<string[]> {
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    all.map((pid) => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')),
  );
  return lines.filter((line) => line.split('\0').includes(word));
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    if (await condition()) return;
    await sleep(50);
  }
  throw new Error(`it never became true: ${condition.toString()}`);
}
