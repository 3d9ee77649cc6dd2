// Builds that are ended at any moment, and what may be left of them then: nothing.
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { file } from '../../build/conformance/conformance-case.js';
import { remains } from './crashes.js';
import { ended } from './process.js';
import { untidiness, unusedLayers } from './store-content.js';
import type { Workshop } from './workshop.js';

const imagectl = join(process.cwd(), 'dist', 'imagectl.js');

/** In the command line of what RUN starts, so that it is found among all processes. */
const marker = '0.0421';

const dockerfile = `FROM localhost/base/busybox AS first
COPY files /files
RUN --mount=type=cache,target=/cache echo x > /cache/x && sleep ${marker} && cp -r /files /made
FROM localhost/base/busybox
COPY --from=first /made /made
RUN --mount=type=tmpfs,target=/scratch sleep ${marker} && rm -r /made/sub-1 && echo done > /done
CMD ["cat", "/done"]
`;

const files = Array.from({ length: 60 }, (_, index) =>
  file(`files/sub-${index % 6}/${index}`, `${index}`.repeat(2000)),
);

export interface BuildCrashReport {
  /** Builds that had not ended by themselves. */
  readonly during: number;
  readonly problems: readonly string[];
}

type End = 'daemon' | 'client' | 'interrupt';

/**
 * Starts `count` builds and ends each a little later: kills the service, kills the client, or interrupts it. After each
 * nothing may be mounted, run, or lie about; and at the end a build must succeed.
 */
export async function crashBuilds(workshop: Workshop, count: number): Promise<BuildCrashReport> {
  const context = await workshop.context(dockerfile, files);
  const start = performance.now();
  await workshop.imagectl(context, { useCache: false });
  const whole = performance.now() - start;
  const before = await scene(workshop);
  const problems: string[] = [];
  let during = 0;
  for (let kill = 0; kill < count; kill += 1) {
    const end = (['daemon', 'client', 'interrupt'] as const)[kill % 3] ?? 'daemon';
    const layers = kill % 2 === 0 ? '--layers' : '--no-layers';
    const child = startBuild(workshop, context, layers);
    await sleep(Math.random() * whole * 1.1);
    if (child.exitCode === null) during += 1;
    await endBuild(workshop, child, end);
    const left = await difference(workshop, before);
    problems.push(...left.map((problem) => `${kill}, ${end}, ${layers}: ${problem}`));
    if (problems.length > 20) break;
  }
  const { code, stderr } = await workshop.store.podman(['images', '--quiet']);
  if (code !== 0) problems.push(`podman images: ${stderr.trim()}`);
  problems.push(...(await unreadable(workshop)));
  await workshop.imagectl(context, { useCache: false, name: 'localhost/after:1' });
  const said = await workshop.store.podmanOutput('run', '--rm', 'localhost/after:1');
  if (said !== 'done') problems.push(`the image that is built afterwards says ${said}`);
  return { during, problems };
}

function startBuild({ daemon }: Workshop, context: string, layers: string): ChildProcess {
  const args = [imagectl, 'build', '--no-cache', layers, '--tag', 'localhost/crash:1', context];
  const env = { PATH: process.env['PATH'], IMAGED_ADDRESS: daemon.address };
  return spawn(process.execPath, args, { env, stdio: 'ignore' });
}

async function endBuild(workshop: Workshop, child: ChildProcess, how: End): Promise<void> {
  if (how === 'daemon') await workshop.restart('kill');
  else child.kill(how === 'client' ? 'SIGKILL' : 'SIGINT');
  await ended(child);
  // The first call after a start is what cleans up.
  await workshop.daemon.call('ListImages');
}

/** What there is beside images: processes, mounts, records and files. */
async function scene({ store, daemon }: Workshop): Promise<Set<string>> {
  const { directory, root, runroot } = store;
  return new Set([
    ...processes(directory),
    ...mounts(directory, daemon.pid),
    ...below(join(root, 'imaged'), 3).filter((path) => !/\/build-(?:caches|digests)(?:\/|$)/.test(path)),
    ...below(join(root, 'overlay-containers'), 1),
    ...below(join(directory, 'tmp'), 2),
    ...below(runroot, 3),
  ]);
}

/** What is there now and was not before, once it has had its time to vanish. */
async function difference(workshop: Workshop, before: ReadonlySet<string>): Promise<string[]> {
  const deadline = Date.now() + 5000;
  for (;;) {
    const left = [...(await scene(workshop))].filter((one) => !before.has(one));
    if (left.length === 0) return await remains(workshop.store.root);
    if (Date.now() >= deadline) return left;
    await sleep(50);
  }
}

/** Commands of a RUN, and whatever has a file of the store open or in its arguments but for the service. */
function processes(directory: string): string[] {
  return pids().flatMap((pid) => {
    const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
    const ours = command.includes(marker) || (command.includes(directory) && !command.includes('imaged.js'));
    return ours ? [`process ${command}`] : [];
  });
}

/** Mounts of the store in every mount namespace there is; those of the service's own threads, too. */
function mounts(directory: string, daemon: number): string[] {
  const tables = pids().map((pid) => `/proc/${pid}/mountinfo`);
  for (const thread of list(`/proc/${daemon}/task`)) tables.push(`/proc/${daemon}/task/${thread}/mountinfo`);
  return tables.flatMap((table) =>
    read(table)
      .split('\n')
      .filter((line) => line.includes(directory))
      .map((line) => `mount ${line.split(' ').slice(3, 5).join(' ')}`),
  );
}

/** An image that cannot be copied out of the store is none. */
async function unreadable({ store }: Workshop): Promise<string[]> {
  const problems = [...(await untidiness(store.root)), ...(await unusedLayers(store.root))];
  const ids = (await store.podmanOutput('images', '--all', '--quiet', '--no-trunc')).split('\n');
  for (const id of new Set(ids.slice(-8))) {
    const place = `dir:${join(store.directory, 'copy')}`;
    const { code, stderr } = await store.skopeo([
      'copy',
      store.transport(`@${id.replace('sha256:', '')}`),
      place,
    ]);
    if (code !== 0) problems.push(`${id}: ${stderr.trim()}`);
  }
  return problems;
}

function below(directory: string, depth: number): string[] {
  const paths: string[] = [];
  for (const name of list(directory)) {
    paths.push(join(directory, name));
    if (depth > 1) paths.push(...below(join(directory, name), depth - 1));
  }
  return paths;
}

function pids(): string[] {
  return list('/proc').filter((name) => /^\d+$/.test(name));
}

/** None where it is no directory or not there any more. */
function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
