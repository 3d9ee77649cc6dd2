// This machine's own system, started a second time in a container: a real systemd, on files that are thrown away.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { removeTree, temporaryDirectory } from './files.js';
import { CommandError, ended, type Finished, output, run, Transcript } from './process.js';

/** What it takes to start. */
const patience = 30_000;
/** Services of the machine that have no business in it. */
const unwanted =
  /^(apt|dpkg|e2scrub|fstrim|man-db|phpsessionclean|logrotate|systemd-(timesyncd|networkd|resolved))/;

export class BootedSystem {
  readonly root: string;
  readonly #directory: string;
  readonly #child: ChildProcess;
  readonly #pid: number;

  private constructor(directory: string, child: ChildProcess, pid: number) {
    this.#directory = directory;
    this.root = join(directory, 'root');
    this.#child = child;
    this.#pid = pid;
  }

  /** Starts it. It shares the network of the machine, for the registries of tests, and none of its files. */
  static async start(): Promise<BootedSystem> {
    const directory = await temporaryDirectory('boot');
    // The files may lie on an overlay already, which cannot be the upper directory of another.
    await output('mount', ['-t', 'tmpfs', 'tmpfs', directory]);
    const [upper, work, root] = ['upper', 'work', 'root'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    for (const path of [upper, work, root]) await mkdir(path);
    await output('mount', [
      '-t',
      'overlay',
      'overlay',
      '-o',
      `lowerdir=/,upperdir=${upper},workdir=${work}`,
      root,
    ]);
    await prepare(root);
    const groups = hierarchies().map((hierarchy) => join(hierarchy, basename(directory)));
    for (const group of groups) await mkdir(group);
    // systemd-nspawn divides the control group that it is in between itself and the system.
    const enter = `for group; do shift; [ "$group" = -- ] && break; echo $$ > "$group/cgroup.procs"; done; exec systemd-nspawn "$@"`;
    const child = spawn(
      'sh',
      [
        '-c',
        enter,
        'sh',
        ...groups,
        '--',
        '--quiet',
        '--register=no',
        '--keep-unit',
        '--console=pipe',
        '--directory',
        root,
        // Stores are to be on a file system that overlays can be on.
        '--tmpfs=/var/lib/containers:mode=0755',
        '--tmpfs=/home:mode=0755',
        // Runtimes of containers give each one a keyring of its own; services get what they would have on a machine.
        '--system-call-filter=@keyring bpf',
        '--capability=all',
        '/lib/systemd/systemd',
        '--unit=basic.target',
        '--log-target=console',
        '--show-status=no',
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const log = new Transcript(child.stdout, child.stderr);
    let system: BootedSystem | undefined;
    try {
      system = new BootedSystem(directory, child, await initOf(child));
      await system.#settled();
      return system;
    } catch (error) {
      if (system !== undefined) process.kill(system.#pid, 'SIGKILL');
      child.kill('SIGKILL');
      await ended(child);
      await removeTree(directory);
      removeGroups(directory);
      throw new Error(`no system was started: ${log.text.trim()}`, { cause: error });
    }
  }

  /** Nobody is there to be asked at first. */
  #settled(): Promise<void> {
    return this.until(async () => (await this.run('systemctl', 'is-active', 'basic.target')).code === 0);
  }

  /** Waits for something inside to become true. */
  async until(condition: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + patience;
    while (!(await condition())) {
      if (Date.now() >= deadline) throw new Error(`not so after ${patience} ms: ${condition.toString()}`);
      await sleep(50);
    }
  }

  /** Runs a program inside, as root. */
  run(...command: readonly string[]): Promise<Finished> {
    const inside = ['--target', String(this.#pid), '--all', 'env', '-i'];
    const env = [
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'HOME=/root',
      'LANG=C.UTF-8',
    ];
    return run('nsenter', [...inside, ...env, ...command], { timeout: 60_000 });
  }

  /** Standard output of a program that must succeed, without the last line break. */
  async output(...command: readonly string[]): Promise<string> {
    const finished = await this.run(...command);
    if (finished.code !== 0) throw new CommandError(command, finished);
    return finished.stdout.trimEnd();
  }

  /** A property of a unit, as `systemctl show` has it. */
  property(unit: string, name: string): Promise<string> {
    return this.output('systemctl', 'show', '--property', name, '--value', unit);
  }

  async close(): Promise<void> {
    // What it would stop in order is thrown away. Without its first process the kernel ends all of them, which the end of
    // systemd-nspawn does not.
    process.kill(this.#pid, 'SIGKILL');
    await ended(this.#child);
    removeGroups(this.#directory);
    await removeTree(this.#directory);
  }
}

/** Where systemd may have its control groups: below one directory, or with the first version beside it, too. */
function hierarchies(): readonly string[] {
  const places = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified', '/sys/fs/cgroup/systemd'];
  return places.filter((place) => existsSync(join(place, 'cgroup.procs')));
}

/** The groups of the system that had this directory, those within first. */
function removeGroups(directory: string): void {
  for (const group of hierarchies().map((hierarchy) => join(hierarchy, basename(directory)))) {
    const within = readdirSync(group, { recursive: true, encoding: 'utf8', withFileTypes: true });
    const paths = within.flatMap((entry) =>
      entry.isDirectory() ? [join(entry.parentPath, entry.name)] : [],
    );
    for (const path of [group, ...paths].toSorted((a, b) => b.length - a.length)) rmdirSync(path);
  }
}

/** An identity of its own; nothing that the machine starts by the clock; packages may start what they install. */
async function prepare(root: string): Promise<void> {
  await writeFile(join(root, 'etc/machine-id'), `${randomUUID().replaceAll('-', '')}\n`);
  await rm(join(root, 'usr/sbin/policy-rc.d'), { force: true });
  // Every package that brings a page would have all pages of the machine indexed.
  await rm(join(root, 'var/lib/man-db/auto-update'), { force: true });
  const units = join(root, 'etc/systemd/system');
  const names = await readdir('/lib/systemd/system');
  for (const name of names.filter((unit) => unwanted.test(unit) && /\.(service|timer)$/.test(unit))) {
    await rm(join(units, name), { force: true });
    await symlink('/dev/null', join(units, name));
  }
}

/** The process that is number 1 inside. */
async function initOf(child: ChildProcess): Promise<number> {
  const deadline = Date.now() + patience;
  while (Date.now() < deadline && child.exitCode === null) {
    const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').catch(() => '');
    const pid = Number(children.split(' ')[0]);
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    if (name === 'systemd\n') return pid;
    await sleep(50);
  }
  throw new Error('systemd did not start');
}
