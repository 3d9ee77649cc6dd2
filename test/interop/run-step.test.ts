import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import {
  endThreads,
  isolatedBy,
  isolations,
  makeBusyboxRoot,
  removeRoot,
  run,
  type RunOptions,
  sh as shell,
  type StepRequest,
} from './support/run-step.js';
import { describeTree } from './support/tree.js';

const users = 'root:x:0:0::/root:/bin/sh\nweb:x:33:34::/srv/web:/bin/sh\n';
const groups = 'root:x:0:\nwww:x:34:\nextra:x:44:web\n';

afterAll(() => endThreads());

describe.each(isolations)('RUN by %s', (way) => {
  let root: string;
  let options: RunOptions;
  const sh = (line: string, request: StepRequest = {}): ReturnType<typeof run> =>
    shell(root, line, request, options);

  beforeEach(async () => {
    options = await isolatedBy(way);
    root = makeBusyboxRoot();
    mkdirSync(join(root, 'etc'));
    writeFileSync(join(root, 'etc/passwd'), users);
    writeFileSync(join(root, 'etc/group'), groups);
  });
  afterEach(() => removeRoot(root));

  test('gives the output in its order and the exit status', async () => {
    const { status, output, error } = await sh('echo out; echo err >&2; echo out again; exit 7');
    expect({ status, output, error }).toEqual({
      status: 7,
      output: 'out\nerr\nout again\n',
      error: undefined,
    });
  });

  test('says why a command cannot be run', async () => {
    const { status, output } = await run(root, { args: ['nosuchprogram'] }, options);
    expect(status).not.toBe(0);
    expect(output).toContain('nosuchprogram');
    expect(output).toContain('not found');
  });

  test('hands on much output to a slow reader', async () => {
    const line = 'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); echo "line $i"; done';
    const { status, output } = await shell(root, line, {}, { ...options, slowness: 2 });
    expect(status).toBe(0);
    expect(output.split('\n').slice(0, -1)).toEqual(
      Array.from({ length: 60_000 }, (_, index) => `line ${index + 1}`),
    );
  });

  test('leaves nothing but what the command did', async () => {
    mkdirSync(join(root, 'run'));
    writeFileSync(join(root, 'etc/hosts'), 'of the image\n');
    for (const path of ['run', 'etc', '']) utimesSync(join(root, path), 1e9, 1e9);
    const before = await describeTree(root);
    const { status, left } = await sh(
      'echo 9.9.9.9 more >> /etc/hosts; echo > /dev/new; echo x > /run/.containerenv',
    );
    expect({ status, left }).toEqual({ status: 0, left: [] });
    expect(await describeTree(root)).toEqual(before);
    expect(Math.floor(Date.parse('2001-09-09T01:46:40Z') / 1000)).toBe(1e9);
  });

  test('keeps what the command did, and its times', async () => {
    utimesSync(join(root, 'etc'), 1e9, 1e9);
    utimesSync(root, 1e9, 1e9);
    const { status } = await sh('echo mine > /etc/file; mkdir /proc-like');
    expect(status).toBe(0);
    expect(readdirSync(root).toSorted()).toEqual(['bin', 'etc', 'proc-like']);
    expect(readdirSync(join(root, 'etc')).toSorted()).toEqual(['file', 'group', 'passwd']);
    const tree = (await describeTree(root)).map(
      (line) => JSON.parse(line) as { path: string; mtime: string },
    );
    expect(tree.find(({ path }) => path === 'etc')?.mtime).toBe('now');
  });

  test('makes the working directory, and it stays', async () => {
    const { output } = await sh('pwd', { cwd: '/srv/deep' });
    expect(output).toBe('/srv/deep\n');
    expect(readdirSync(join(root, 'srv'))).toEqual(['deep']);
  });

  test.each([
    ['', 'uid=0(root) gid=0(root) groups=0(root)', '/root'],
    ['web', 'uid=33(web) gid=34(www) groups=34(www),44(extra)', '/srv/web'],
    ['web:extra', 'uid=33(web) gid=44(extra) groups=44(extra)', '/srv/web'],
    ['1234:56', 'uid=1234 gid=56 groups=56', '/'],
  ])('runs as the user %j', async (user, id, home) => {
    const { output } = await sh('id; echo $HOME; umask; echo open > /dev/stdout', { user });
    expect(output).toBe(`${id}\n${home}\n0022\nopen\n`);
  });

  test('does not run as a user whom the image does not know', async () => {
    const { error } = await sh('id', { user: 'daemon' });
    expect(error).toContain('AccountError: unknown user "daemon"');
  });

  test('gives the environment that was asked for and nothing of the host', async () => {
    const { output } = await run(
      root,
      { args: ['/bin/env'], env: ['A=1', 'PATH=/bin:/other', 'A=2', 'LD_PRELOAD=/nosuch.so'] },
      options,
    );
    expect(output.trim().split('\n').toSorted()).toEqual([
      'A=2',
      'HOME=/root',
      'HOSTNAME=buildhost',
      'LD_PRELOAD=/nosuch.so',
      'PATH=/bin:/other',
    ]);
  });

  test('gives standard streams and no other descriptor', async () => {
    const { output } = await sh('ls -l /proc/1/fd; cat');
    const streams = output.split('\n').flatMap((line) => / (\d+ -> .*)$/.exec(line)?.[1] ?? []);
    expect(streams).toEqual([
      '0 -> /dev/null',
      expect.stringMatching(/^1 -> pipe:/),
      streams[1]?.replace('1', '2'),
    ]);
  });

  test('shows the command its own processes, its own mounts and its own root', async () => {
    const { output } = await sh(
      'echo processes $(ls /proc | grep -c "^[0-9]"); ls /proc/1/root; hostname; grep -c -e run-state -e /home /proc/mounts',
    );
    const [processes, ...rest] = output.trim().split('\n');
    expect(Number(processes?.split(' ')[1])).toBeLessThan(8);
    expect(rest).toEqual(['bin', 'dev', 'etc', 'proc', 'run', 'sys', 'buildhost', '0']);
  });

  test('hides and protects what belongs to the kernel', async () => {
    const { output } = await sh(
      `cat /proc/keys | wc -c; ls /sys/firmware | wc -l
       (echo x > /proc/sys/kernel/hostname) 2>&1; touch /sys/kernel/x 2>&1
       mount -t tmpfs tmpfs /tmp 2>&1 | wc -l; (mknod /etc/sda b 8 0) 2>&1; grep Seccomp: /proc/self/status`,
    );
    const lines = output.trim().split('\n');
    expect(lines.slice(0, 2)).toEqual(['0', '0']);
    expect(lines.filter((line) => line.includes('Read-only file system'))).toHaveLength(2);
    expect(lines).toContain('1');
    expect(lines.find((line) => line.includes('mknod'))).toContain('not permitted');
    expect(lines.at(-1)).toBe('Seccomp:\t2');
  });

  test('gives root the capabilities of a build, and others none', async () => {
    const line = 'grep Cap /proc/self/status | tr "\\n\\t" " "';
    const inh = 'CapInh: 0000000000000000 ';
    const none = '0000000000000000';
    const usual = '00000000800405fb';
    expect((await sh(line)).output).toBe(
      `${inh}CapPrm: ${usual} CapEff: ${usual} CapBnd: ${usual} CapAmb: ${none} `,
    );
    expect((await sh(line, { user: '7' })).output).toBe(
      `${inh}CapPrm: ${none} CapEff: ${none} CapBnd: ${usual} CapAmb: ${none} `,
    );
    const settings = {
      ...options.settings,
      addCapabilities: ['cap_mknod', 'NET_RAW'],
      dropCapabilities: ['ALL'],
    };
    const dropped = await shell(root, line, {}, { ...options, settings });
    expect(dropped.output).toContain(`CapBnd: ${none} `);
    const added = await shell(
      root,
      line,
      {},
      { ...options, settings: { ...settings, dropCapabilities: [] } },
    );
    expect(added.output).toContain('CapBnd: 00000000880425fb ');
  });

  test('takes all protection away when that is asked for', async () => {
    const { output } = await sh('grep -e Seccomp: -e CapEff /proc/self/status; ls /sys/firmware | wc -l', {
      insecure: true,
    });
    const own = /CapBnd:\s*(\w+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    expect(output).toContain(`CapEff:\t${own}\nSeccomp:\t0\n`);
    expect(output.trim()).not.toMatch(/\n0$/);
  });

  test('lets a command gain privileges, unless that is forbidden', async () => {
    const line = 'grep NoNewPrivs /proc/self/status';
    expect((await sh(line, { user: '7' })).output).toBe('NoNewPrivs:\t0\n');
    const settings = { ...options.settings, noNewPrivileges: true };
    const forbidden = await shell(root, line, { user: '7' }, { ...options, settings });
    expect(forbidden.output).toBe('NoNewPrivs:\t1\n');
  });

  test('has the network of the host, or one of its own with nothing in it', async () => {
    const { output: own } = await sh('ls /sys/class/net; ip addr show lo | head -1', { network: 'none' });
    expect(own).toMatch(/^lo\n.*UP/);
    const { output: host } = await sh('ls /sys/class/net', { network: 'host' });
    expect(host.trim().split('\n').toSorted()).toEqual(readdirSync('/sys/class/net').toSorted());
    expect((await sh('ls /sys/class/net')).output).toBe(host);
  });

  test('names hosts', async () => {
    const settings = { ...options.settings, addHosts: ['db:10.1.2.3', 'six:::1'] };
    const { output } = await shell(
      root,
      'cat /etc/hosts /etc/hostname; cat /etc/resolv.conf',
      {},
      { ...options, settings },
    );
    expect(output).toContain('127.0.0.1\tbuildhost\n10.1.2.3\tdb\n::1\tsix\nbuildhost\n');
    expect(output).toContain(readFileSync('/etc/resolv.conf', 'utf8'));
  });

  test('runs a script as it is', async () => {
    const script = '#!/bin/sh\necho script $#; exit 4\n';
    const { status, output } = await run(root, { script, user: 'web' }, options);
    expect({ status, output }).toEqual({ status: 4, output: 'script 0\n' });
  });

  test('lowers limits to what may be given away, and says so', async () => {
    const settings = {
      ...options.settings,
      ulimits: ['nofile=100:200', 'core=-1', 'nofile=99999999999'],
      shmSize: '1m',
    };
    const line = 'ulimit -Sn; ulimit -Hn; ulimit -c; df -k /dev/shm | tail -1';
    const first = await shell(
      root,
      line,
      {},
      { ...options, settings: { ...settings, ulimits: settings.ulimits.slice(0, 2) } },
    );
    expect(first.output).toMatch(/^100\n200\nunlimited\nshm +1024 /);
    const second = await shell(
      root,
      'ulimit -Hn',
      {},
      { ...options, settings: { ...settings, ulimits: settings.ulimits.slice(2) } },
    );
    const most = /^Max open files +\S+ +(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    expect(second.output).toBe(`${most}\n`);
    expect(second.warnings.join('\n')).toContain(`nofile=99999999999 is lowered to ${most}`);
  });

  test('ends what the command left running', async () => {
    const { status, output } = await sh(
      'sleep 4242 & sleep 4243 > /dev/null 2>&1 < /dev/null & echo started',
    );
    expect({ status, output }).toEqual({ status: 0, output: 'started\n' });
    expect(processesWith('sleep 424')).toEqual([]);
  });

  test('is not hit by signals that the command sends to its group', async () => {
    const { output } = await sh('kill -9 0; sh -c "kill -TERM 0"; echo alive');
    expect(output).toContain('alive');
  });

  test('kills everything when it is given up, and returns when it is gone', async () => {
    const line = '(trap "" TERM; sleep 4244) & setsid sleep 4245 & echo ready; sleep 4246';
    const until = (output: string): boolean => output.includes('ready');
    const { error, left, status } = await shell(root, line, {}, { ...options, until });
    expect(processesWith('sleep 424')).toEqual([]);
    expect({ error, left, status }).toEqual({ error: 'Error: given up', left: [], status: -1 });
    expect(readdirSync(root).toSorted()).toEqual(['bin', 'etc']);
  });
});

function processesWith(text: string): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return (
        /^\d+$/.test(name) &&
        readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ').startsWith(text)
      );
    } catch {
      return false;
    }
  });
}
