// `npm run bench -- build`: builds with imaged and its peers in turn, cold and from the cache.
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { capabilitiesOf } from '../../src/build/run/capabilities.js';
import { MountPoints } from '../../src/build/run/mount-points.js';
import { ociBundle } from '../../src/build/run/oci-bundle.js';
import { seccompFor } from '../../src/build/run/seccomp-profile.js';
import { systemMounts } from '../../src/build/run/system-mounts.js';
import { makeBases } from '../build/conformance/base-images.js';
import { removeTree } from '../interop/support/files.js';
import { Imaged } from '../interop/support/imaged.js';
import { PeerStore } from '../interop/support/peer-store.js';
import { output, run, CommandError } from '../interop/support/process.js';
import type { VarlinkConnection } from '../interop/support/varlink.js';
import { Random } from './random.js';
import { median, seconds } from './statistics.js';

export interface BuildResult {
  readonly contender: string;
  /** Wall times. */
  readonly seconds: readonly number[];
}

export interface BuildReport {
  readonly title: string;
  readonly results: readonly BuildResult[];
}

export interface RunOverhead {
  /** Seconds of one more RUN of a build. */
  readonly step: number;
  /** Seconds of `runc run` of the bundle that such a step is. */
  readonly runtime: number;
}

export interface BuildBench {
  readonly reports: readonly BuildReport[];
  readonly overhead: RunOverhead;
}

interface Contender {
  readonly title: string;
  /** Fails if the build does. */
  build(context: string, useCache: boolean): Promise<void>;
  close(): Promise<void>;
}

const imagectl = join(process.cwd(), 'dist', 'imagectl.js');

/** Files that are copied and programs that are run, as in an image for a small service. */
const tenSteps = `FROM localhost/base/busybox
ENV MODE=production
COPY files/package /app/package
RUN mkdir -p /app/data && echo prepared > /app/data/state
COPY files /app/files
RUN for number in 1 2 3 4 5 6 7 8 9 10; do cp -r /app/files /app/copy-$number; done
RUN rm -r /app/copy-1 /app/copy-2
RUN chown -R user /app/copy-3
COPY --chown=user files /home/user/files
RUN cat /app/files/* > /app/all
CMD ["cat", "/app/all"]
`;

const large = 'FROM localhost/base/busybox\nCOPY . /srv/\n';

export async function benchBuilds(cache: string, rounds: number): Promise<BuildBench> {
  const directory = await mkdtemp(join(cache, 'b-'));
  try {
    const small = await smallContext(directory);
    const gigabyte = await largeContext(directory, 10_000, 100_000);
    const contenders: Contender[] = [];
    try {
      for (const open of [warm, command, buildah, podman]) contenders.push(await open(directory));
      const reports = [
        await measure('ten steps, cold', contenders, rounds, (one) => one.build(small, false)),
        await measure('ten steps, all from the cache', contenders, rounds, (one) => one.build(small, true)),
        await measure('1 GB in 10,000 files, unchanged', contenders, Math.min(rounds, 3), (one) =>
          one.build(gigabyte, true),
        ),
      ];
      return { reports, overhead: await runOverhead(directory, contenders[0], rounds) };
    } finally {
      for (const one of contenders) await one.close();
    }
  } finally {
    await removeTree(directory);
  }
}

/** Each has built it once before, so that code is compiled and caches are filled. */
async function measure(
  title: string,
  contenders: readonly Contender[],
  rounds: number,
  build: (contender: Contender) => Promise<void>,
): Promise<BuildReport> {
  const times = new Map<string, number[]>(contenders.map((one) => [one.title, []]));
  for (const one of contenders) await build(one);
  for (let round = 0; round < rounds; round += 1) {
    for (const one of contenders) times.get(one.title)?.push(await seconds(() => build(one)));
  }
  return { title, results: [...times].map(([contender, samples]) => ({ contender, seconds: samples })) };
}

/** What ten more steps take, a tenth of it, beside what the runtime takes for the same command. */
async function runOverhead(
  directory: string,
  contender: Contender | undefined,
  rounds: number,
): Promise<RunOverhead> {
  const contexts: string[] = [];
  for (const steps of [1, 11]) {
    const context = join(directory, `run-${steps}`);
    await mkdir(context);
    await writeFile(
      join(context, 'Dockerfile'),
      `FROM localhost/base/busybox\n${'RUN true\n'.repeat(steps)}`,
    );
    contexts.push(context);
  }
  const build = (context: string | undefined): Promise<void> =>
    contender?.build(context ?? '', false) ?? Promise.resolve();
  const bundle = await runtimeBundle(directory);
  const steps: number[] = [];
  const runtime: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const one = await seconds(() => build(contexts[0]));
    const eleven = await seconds(() => build(contexts[1]));
    steps.push((eleven - one) / 10);
    runtime.push((await seconds(() => runTen(join(directory, 'runc'), bundle))) / 10);
  }
  return { step: median(steps), runtime: median(runtime) };
}

/** As a step starts it: where it sees one version of control groups only. */
async function runTen(state: string, bundle: string): Promise<void> {
  const runc = 'runc --root "$1" --rootless true run --bundle "$2" bench';
  const loop = `mount -t cgroup2 none /sys/fs/cgroup && for run in 1 2 3 4 5 6 7 8 9 10; do ${runc} || exit; done`;
  await output('unshare', ['--mount', 'sh', '-c', loop, 'sh', state, bundle]);
}

/** What a step hands to the runtime: the same mounts, capabilities and filter of system calls. */
async function runtimeBundle(directory: string): Promise<string> {
  const bundle = join(directory, 'bundle');
  const root = join(bundle, 'rootfs');
  await mkdir(join(root, 'bin'), { recursive: true });
  await output('cp', ['/bin/busybox', join(root, 'bin/sh')]);
  const account = { uid: 0, gid: 0, groups: [], home: '/root' };
  const network = { ownNetwork: false, insecure: false };
  const host = { directory: bundle, hostName: 'bench', addHosts: [], shmSize: 64 * 1024 ** 2, account };
  const fd = openSync(root, 'r');
  const mounts = systemMounts({ ...host, ...network, inUserNamespace: false }, new MountPoints(fd));
  closeSync(fd);
  const capabilities = capabilitiesOf([], [], false);
  const config = ociBundle({
    root,
    args: ['/bin/sh', '-c', 'true'],
    env: ['PATH=/bin'],
    cwd: '/',
    account,
    capabilities,
    hostName: 'bench',
    mounts,
    rlimits: [],
    noNewPrivileges: false,
    seccomp: seccompFor(capabilities),
    limits: undefined,
    ...network,
  });
  await writeFile(join(bundle, 'config.json'), config);
  return bundle;
}

async function smallContext(directory: string): Promise<string> {
  const context = join(directory, 'small');
  const random = new Random(10);
  await mkdir(join(context, 'files'), { recursive: true });
  for (let file = 0; file < 100; file += 1) {
    await writeFile(join(context, 'files', file === 0 ? 'package' : `file-${file}`), random.noise(5000));
  }
  await writeFile(join(context, 'Dockerfile'), tenSteps);
  return context;
}

async function largeContext(directory: string, files: number, bytes: number): Promise<string> {
  const context = join(directory, 'large');
  const random = new Random(1000);
  for (let file = 0; file < files; file += 1) {
    const folder = join(context, `folder-${file % 100}`);
    if (file < 100) await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `file-${file}`), random.noise(bytes));
  }
  await writeFile(join(context, 'Dockerfile'), large);
  return context;
}

async function openStore(parent: string): Promise<PeerStore> {
  const store = await PeerStore.create({ parent });
  await makeBases(store);
  return store;
}

/** imaged over a connection that is open already; the context is a directory of the host, as it is for imagectl. */
async function warm(parent: string): Promise<Contender> {
  const store = await openStore(parent);
  const daemon = await Imaged.start(store);
  const connection = await daemon.connect();
  return {
    title: 'imaged, warm socket',
    build: async (context, useCache) => {
      const settings = { names: ['localhost/bench:1'], cache: useCache };
      await replies(connection, { context: { directory: await hostDirectory(context) }, settings });
    },
    close: async () => {
      await daemon.close();
      await store.close();
    },
  };
}

async function replies(connection: VarlinkConnection, parameters: object): Promise<void> {
  for await (const _ of connection.more('io.imaged.Build', { ...parameters })) {
    // Every line is read, as a client that shows them does.
  }
}

async function hostDirectory(path: string): Promise<{ readonly path: string; readonly identity: string }> {
  const { dev, ino, ctimeNs } = await stat(path, { bigint: true });
  return { path, identity: `${dev}:${ino}:${ctimeNs}` };
}

async function command(parent: string): Promise<Contender> {
  const store = await openStore(parent);
  const daemon = await Imaged.start(store);
  const env = { PATH: process.env['PATH'], IMAGED_ADDRESS: daemon.address };
  return {
    title: 'imagectl build',
    build: async (context, useCache) => {
      const args = [
        imagectl,
        'build',
        '--tag',
        'localhost/bench:1',
        ...(useCache ? [] : ['--no-cache']),
        context,
      ];
      await output(process.execPath, args, { env });
    },
    close: async () => {
      await daemon.close();
      await store.close();
    },
  };
}

async function buildah(parent: string): Promise<Contender> {
  const store = await openStore(parent);
  return {
    title: 'buildah bud --layers',
    build: async (context, useCache) => {
      const cache = useCache ? [] : ['--no-cache'];
      await store.buildahOutput('bud', '--layers', '--tag', 'localhost/bench:1', ...cache, context);
    },
    close: () => store.close(),
  };
}

async function podman(parent: string): Promise<Contender> {
  const store = await openStore(parent);
  return {
    title: 'podman build',
    build: async (context, useCache) => {
      const cache = useCache ? [] : ['--no-cache'];
      const args = ['build', '--tag', 'localhost/bench:1', ...cache, context];
      const finished = await run('podman', [...store.podmanOptions(), ...args], { env: store.environment });
      if (finished.code !== 0) throw new CommandError(['podman', ...args], finished);
    },
    close: () => store.close(),
  };
}

/** Median wall time, in seconds. */
export function medianTime(result: BuildResult): number {
  return median(result.seconds);
}
