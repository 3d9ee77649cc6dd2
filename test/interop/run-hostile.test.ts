import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  endThreads,
  isolatedBy,
  isolations,
  makeBusyboxRoot,
  removeRoot,
  type RunOptions,
  type RunResult,
  sh as shell,
  stepData,
} from './support/run-step.js';
import { describeTree } from './support/tree.js';

const thread = resolve(import.meta.dirname, '../../dist/test/interop/support/run-thread.js');

afterAll(() => endThreads());

describe.each(isolations)('a hostile root under RUN by %s', (way) => {
  let root: string;
  let outside: string;
  let options: RunOptions;
  const sh = (line: string): Promise<RunResult> => shell(root, line, {}, options);

  beforeEach(async () => {
    options = await isolatedBy(way);
    root = makeBusyboxRoot();
    outside = mkdtempSync(join(tmpdir(), 'run-outside-'));
  });
  afterEach(() => {
    removeRoot(root);
    rmSync(outside, { recursive: true });
  });

  test.each(['etc', 'run'])('/%s that is a link is followed inside only', async (name) => {
    symlinkSync(`../../../../../..${outside}`, join(root, name));
    const { status, output } = await sh('cat /etc/hostname; cat /run/.containerenv');
    expect({ status, output }).toEqual({ status: 0, output: 'buildhost\nengine="imaged"\n' });
    expect(readdirSync(outside)).toEqual([]);
    expect(readdirSync(root).toSorted()).toEqual(['bin', name]);
  });

  test('files that are mounted over may be links, which are followed inside only', async () => {
    mkdirSync(join(root, 'etc'));
    writeFileSync(join(outside, 'hosts'), 'untouched\n');
    symlinkSync(join(outside, 'hosts'), join(root, 'etc/hosts'));
    symlinkSync('../run/systemd/resolve/stub-resolv.conf', join(root, 'etc/resolv.conf'));
    const before = await describeTree(root);
    const { output } = await sh('echo more >> /etc/hosts; head -1 /etc/hosts; cat /etc/resolv.conf');
    expect(output).toBe(`127.0.0.1\tlocalhost\n${readFileSync('/etc/resolv.conf', 'utf8')}`);
    expect(readFileSync(join(outside, 'hosts'), 'utf8')).toBe('untouched\n');
    expect(await describeTree(root)).toEqual(before);
  });

  test.each(['proc', 'dev', 'sys'])('/%s that is a link is refused', async (name) => {
    symlinkSync(outside, join(root, name));
    const { error } = await sh('true');
    expect(error).toContain(`RunRequestError: /${name} of the image is a symbolic link`);
    expect(readdirSync(outside)).toEqual([]);
  });

  test('a directory where a file has to be is refused', async () => {
    mkdirSync(join(root, 'etc/hosts'), { recursive: true });
    expect((await sh('true')).error).toContain('/etc/hosts is a directory');
  });

  test('links in a circle are refused', async () => {
    symlinkSync('b', join(root, 'a'));
    symlinkSync('a', join(root, 'b'));
    const { error } = await shell(root, 'true', { mounts: [{ type: 'tmpfs', target: '/a/x' }] }, options);
    expect(error).toContain('too many symbolic links');
  });

  test('a text with a NUL is refused', async () => {
    expect((await sh('echo a\0b')).error).toContain('RunRequestError');
  });

  test('a step whose process is killed goes with it', async () => {
    const name = `4${process.pid}`;
    const data = stepData(
      root,
      { args: ['/bin/sh', '-c', `echo ready; setsid sleep ${name} & sleep ${name}`] },
      options,
    );
    const program = `const { Worker } = require('node:worker_threads');
      const worker = new Worker(${JSON.stringify(thread)}, { workerData: ${JSON.stringify(data)} });
      worker.on('message', (report) => report.kind === 'output' && console.log('ready'));`;
    const child = spawn(process.execPath, ['-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, TMPDIR: outside },
    });
    const gone = once(child, 'exit');
    try {
      await once(child.stdout, 'data');
      await until(() => processesWith(name).length === 2);
    } finally {
      child.kill('SIGKILL');
      await gone;
    }
    await until(() => processesWith(name).length === 0);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(outside);
  });
});

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries++) {
    if (tries === 400) throw new Error('it did not come to pass');
    await sleep(25);
  }
}

function processesWith(argument: string): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'latin1') === `sleep\0${argument}\0`;
    } catch {
      return false;
    }
  });
}
