import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { RunMount } from '../../src/build/run/run-request.js';
import {
  endThreads,
  isolatedBy,
  isolations,
  makeBusyboxRoot,
  removeRoot,
  type RunOptions,
  type RunResult,
  sh as shell,
} from './support/run-step.js';
import { describeTree } from './support/tree.js';

afterAll(() => endThreads());

describe.each(isolations)('--mount of RUN by %s', (way) => {
  let root: string;
  let place: string;
  let options: RunOptions;
  const sh = (line: string, mounts: readonly RunMount[]): Promise<RunResult> =>
    shell(root, line, { mounts }, options);
  const bind = (target: string, path: string, writable: boolean): RunMount => {
    const source = { kind: 'context', directory: join(place, 'context'), ignore: [] } as const;
    return { type: 'bind', source, path, target, writable };
  };
  const cache = (sharing: 'shared' | 'private' | 'locked', target = '/cache'): RunMount => {
    const seed = {
      source: { kind: 'context', directory: join(place, 'context'), ignore: [] },
      path: 'd',
    } as const;
    const directory = join(place, 'cache');
    return { type: 'cache', directory, seed, target, writable: true, sharing, mode: 0o750, uid: 3, gid: 4 };
  };

  /** At the same time, in two roots; their statuses. */
  const twice = async (line: string, mount: RunMount): Promise<number[]> => {
    const other = makeBusyboxRoot();
    try {
      const steps = [root, other].map((one) => shell(one, line, { mounts: [mount] }, options));
      return (await Promise.all(steps)).map(({ status }) => status);
    } finally {
      removeRoot(other);
    }
  };

  beforeEach(async () => {
    options = await isolatedBy(way);
    root = makeBusyboxRoot();
    place = mkdtempSync(join(tmpdir(), 'run-mounts-'));
    mkdirSync(join(place, 'context/d'), { recursive: true });
    writeFileSync(join(place, 'context/file'), 'content\n');
    writeFileSync(join(place, 'context/d/inner'), 'inner\n');
    symlinkSync('/etc/passwd', join(place, 'context/out'));
    symlinkSync('../../../../d', join(place, 'context/up'));
  });
  afterEach(() => {
    removeRoot(root);
    rmSync(place, { recursive: true });
  });

  test('binds what is not to be written, and what is written to is thrown away', async () => {
    const before = await describeTree(place);
    const rootBefore = await describeTree(root);
    const { output, status, left } = await sh(
      `cat /src/file /one; (echo no > /src/file) 2>&1
       echo changed > /rw/d/inner; rm /rw/file; cat /rw/d/inner; ls /rw; echo more >> /file; cat /file; ls /rw2`,
      [
        bind('/src', '/', false),
        bind('/one', 'file', false),
        bind('/rw', '.', true),
        bind('/file', 'file', true),
        bind('/rw2', 'up', true),
      ],
    );
    expect(output.split('\n')).toEqual([
      'content',
      'content',
      expect.stringContaining('Read-only file system'),
      'changed',
      'd',
      'out',
      'up',
      'content',
      'more',
      'inner',
      '',
    ]);
    expect({ status, left }).toEqual({ status: 0, left: [] });
    expect(await describeTree(place)).toEqual(before);
    expect(await describeTree(root)).toEqual(rootBefore);
  });

  test('does not bind what lies outside of the source', async () => {
    const { error } = await sh('cat /x', [bind('/x', 'out', false)]);
    expect(error).toContain('RunRequestError: out cannot be mounted');
    const { error: missing } = await sh('cat /x', [bind('/x', '../../etc/passwd', false)]);
    expect(missing).toContain('cannot be mounted');
  });

  test('keeps a cache, with what was in it at first', async () => {
    const first = await sh('ls /cache; stat -c "%a %u %g" /cache; echo kept > /cache/kept', [
      cache('shared'),
    ]);
    expect(first.output).toBe('inner\n750 3 4\n');
    const second = await sh('cat /cache/kept', [cache('locked')]);
    expect(second.output).toBe('kept\n');
    expect(readdirSync(root)).toEqual(['bin']);
  });

  test('gives a locked cache to one step at a time', async () => {
    const line = 'test ! -e /cache/busy && touch /cache/busy && sleep 0.5 && rm /cache/busy';
    expect(await twice(line, cache('locked'))).toEqual([0, 0]);
  });

  test('gives a private cache to each step that runs, and the same one twice within a step', async () => {
    const line = 'test ! -e /cache/busy && touch /cache/busy && sleep 1 && rm /cache/busy';
    expect(await twice(line, cache('private'))).toEqual([0, 0]);
    const both = await sh('touch /cache/a; ls /other', [cache('locked'), cache('locked', '/other')]);
    expect(both.output).toContain('a\n');
  });

  test('mounts memory', async () => {
    const { output } = await sh('df -k /m | tail -1; echo x > /m/x; echo x > /run/secrets/y', [
      { type: 'tmpfs', target: '/m', size: 65_536 },
      { type: 'tmpfs', target: '/run/secrets' },
    ]);
    expect(output).toMatch(/^tmpfs +64 /);
    expect(readdirSync(root)).toEqual(['bin']);
  });

  test('shows secrets to the step alone', async () => {
    const file = join(place, 'secret');
    writeFileSync(file, 'hush', { mode: 0o600 });
    const secret = { type: 'secret', file, mode: 0o440, uid: 7, gid: 8 } as const;
    const { output, left } = await sh(
      'cat /run/secrets/s; stat -c " %a %u %g" /run/secrets/s; echo $TOKEN; echo x > /run/secrets/s || true',
      [
        { ...secret, target: '/run/secrets/s' },
        { ...secret, variable: 'TOKEN' },
      ],
    );
    expect(output).toMatch(/^hush 440 7 8\nhush\n.*Read-only/);
    expect(left).toEqual([]);
    expect(existsSync(join(root, 'run'))).toBe(false);
    expect(readFileSync(file, 'utf8')).toBe('hush');
  });

  test('passes on what is said to an agent', async () => {
    const socket = join(place, 'agent');
    const server = createServer((client) => client.end('agent says hello\n')).listen(socket);
    try {
      const python = `import socket, os; s = socket.socket(socket.AF_UNIX)
s.connect(os.environ["SSH_AUTH_SOCK"]); print(s.recv(99).decode(), end="")`;
      const settings = { ...options.settings, volumes: ['/usr:/usr:ro', '/lib:/lib:ro', '/lib64:/lib64:ro'] };
      const { output } = await shell(
        root,
        `echo $SSH_AUTH_SOCK; stat -c "%a %u" /agent; /usr/bin/python3 -c '${python}'`,
        { mounts: [{ type: 'ssh', socket, target: '/agent', mode: 0o600, uid: 9, gid: 9 }] },
        { ...options, settings },
      );
      expect(output).toBe('/agent\n600 9\nagent says hello\n');
    } finally {
      server.close();
    }
  });

  test('mounts what the settings name', async () => {
    const settings = {
      ...options.settings,
      volumes: [`${place}/context:/vol:ro`, `${place}/context:/thrown:O`, `${place}/context/d:/kept`],
      devices: ['/dev/zero:/dev/mine:r', '/dev/null:/outside'],
    };
    const { output } = await shell(
      root,
      `cat /vol/file; (echo > /vol/x) 2>&1; echo > /thrown/x; echo kept > /kept/new
       head -c 3 /dev/mine | od -An -tx1; echo gone > /outside`,
      {},
      { ...options, settings },
    );
    expect(output).toMatch(/^content\n.*Read-only file system\n *00 00 00\n$/);
    expect(readdirSync(join(place, 'context')).toSorted()).toEqual(['d', 'file', 'out', 'up']);
    expect(readdirSync(join(place, 'context/d')).toSorted()).toEqual(['inner', 'new']);
    expect(readdirSync(root)).toEqual(['bin']);
  });

  test('mounts in a relative target below the working directory', async () => {
    chmodSync(join(place, 'context'), 0o755);
    const { output } = await shell(
      root,
      'cat sub/file',
      { cwd: '/work', mounts: [bind('sub', '/', false)] },
      options,
    );
    expect(output).toBe('content\n');
    expect(readdirSync(join(root, 'work'))).toEqual([]);
  });
});
