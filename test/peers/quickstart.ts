// npm run quickstart: imaged on a store and a registry of its own, shown from the outside, with nothing left behind.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { startRegistry } from './registry.js';
import { putImage } from './sample-image.js';
import { buildShellImage } from './shell-image.js';

const dist = join(dirname(fileURLToPath(import.meta.url)), '../..');
const say = (text: string): void => void process.stdout.write(`${text}\n`);
/** A command as a shell would take it here. */
const echo = (...words: string[]): void => say(`$ ${words.join(' ').replaceAll(directory, '$D')}`);

// A store is written as root. Without root's rights this goes on as root of a user namespace, which has just one user.
if (process.getuid?.() !== 0) {
  const again = [process.execPath, fileURLToPath(import.meta.url)];
  const child = spawn('unshare', ['--user', '--map-root-user', '--mount', ...again], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  process.exit(code ?? 1);
}

const directory = await mkdtemp(join(tmpdir(), 'imaged-quickstart-'));
const root = join(directory, 'root');
const runroot = join(directory, 'run');
const address = `unix:${join(directory, 'io.podman')}`;
const storage = ['--root', root, '--runroot', runroot, '--storage-driver', 'overlay'];

const registry = await startRegistry();
const image = `${registry.host}/sample:1`;
const built = 'localhost/greeting:1';
let daemon: ChildProcess | undefined;

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

try {
  say(
    'A small registry in this process serves a sample image; imaged gets a store and a socket in a directory of its own.',
  );
  say(`\n$ D=${directory}`);
  putImage(registry, 'sample', '1', await buildShellImage());
  const configuration = await writeConfiguration();
  daemon = await startDaemon(['--address', address, ...storage, ...configuration]);
  echo(`export IMAGED_ADDRESS=${address}\n`);
  const imagectl = (...args: string[]): Promise<void> => show('imagectl', args);
  await imagectl('pull', image);
  await imagectl('images');
  await imagectl('history', image);
  await imagectl('inspect', image);
  const context = await writeContext();
  await imagectl('build', '--tag', built, context);
  await showPodman();
  say(`The same with the real registries and the real store of this machine (as root):

    node dist/imaged.js &
    node dist/imagectl.js pull docker.io/library/busybox
    podman run --rm docker.io/library/busybox echo hello

README.md tells the rest.`);
} catch (error) {
  // What failed has said why.
  if (!stop.signal.aborted) say(`quickstart: ${(error as Error).message}`);
  process.exitCode = stop.signal.aborted ? 130 : 1;
} finally {
  await stopDaemon(daemon);
  await registry.close();
  await unmountStore();
  await rm(directory, { recursive: true, force: true });
}

/** A registry without TLS is allowed, images need no signature, and nobody's credentials are read: in this run alone. */
async function writeConfiguration(): Promise<string[]> {
  const registries = join(directory, 'registries.conf');
  await writeFile(registries, `[[registry]]\nlocation = "${registry.host}"\ninsecure = true\n`);
  const policy = join(directory, 'policy.json');
  await writeFile(policy, JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }));
  const authfile = join(directory, 'auth.json');
  await writeFile(authfile, '{}');
  const registriesD = join(directory, 'registries.d');
  await mkdir(registriesD);
  const lookaside = `default-docker:\n  lookaside: file://${join(directory, 'sigstore')}\n`;
  await writeFile(join(registriesD, 'default.yaml'), lookaside);
  return [
    '--registries-conf',
    registries,
    '--signature-policy',
    policy,
    '--authfile',
    authfile,
    '--registries-d',
    registriesD,
    '--events-file',
    join(directory, 'events.log'),
    // What the calls below do is shown by what they print.
    '--log-level',
    'warn',
  ];
}

/** What is built, and how. */
async function writeContext(): Promise<string> {
  const context = join(directory, 'app');
  await mkdir(context);
  const files = {
    greeting: 'Hello from an image that imaged has built.\n',
    Dockerfile: `FROM ${image}\nCOPY greeting /etc/\nRUN cat /etc/greeting && uname -s > /etc/kernel\nCMD ["/bin/cat", "/etc/greeting", "/etc/kernel"]\n`,
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(context, name), content);
  echo('cat', join(context, 'Dockerfile'));
  say(files.Dockerfile);
  return context;
}

/** Resolves when imaged has printed its addresses. */
async function startDaemon(args: readonly string[]): Promise<ChildProcess> {
  echo('imaged', ...args, '&');
  const child = spawn(process.execPath, [join(dist, 'imaged.js'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`imaged ended with exit code ${code}`);
  });
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), exited])) as [string];
  exited.catch(() => undefined);
  say(line.replaceAll(directory, '$D'));
  return child;
}

async function stopDaemon(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

/** Runs one command as the reader would, its output where the reader looks. */
async function show(command: string, args: readonly string[]): Promise<void> {
  echo(command, ...args);
  const child = spawn(process.execPath, [join(dist, `${command}.js`), ...args], {
    stdio: 'inherit',
    env: { ...process.env, IMAGED_ADDRESS: address },
    signal: stop.signal,
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${command} ${args[0]} ended with exit code ${code}`);
  say('');
}

/** What podman makes of the store that imaged wrote, if it is here and may. */
async function showPodman(): Promise<void> {
  const [, , users] = (await readFile('/proc/self/uid_map', 'utf8')).trim().split(/\s+/);
  if (users === '1') return say('As root, with podman installed, this would now show the image running.\n');
  const podman = ['podman', ...storage, '--cgroup-manager', 'cgroupfs', '--events-backend', 'none'];
  const listed = await capture([...podman, 'images']);
  if (listed === undefined) return say('With podman installed, this would now show the image running.\n');
  echo(...podman, 'images');
  say(listed.output);
  // podman's own limits need rights that root need not have, and not every runtime knows every mixture of cgroups.
  const limits = ['nofile', 'nproc'].flatMap((limit) => ['--ulimit', `${limit}=1024:1024`]);
  for (const runtime of [[], ['--runtime', 'runc'], ['--runtime', 'crun']]) {
    const run = [...podman, ...runtime, 'run', '--rm', '--network', 'none', ...limits, built];
    const ran = await capture(run);
    if (ran?.code !== 0) continue;
    echo(...run);
    return say(ran.output);
  }
  say('podman sees the image, but cannot run containers on this machine.\n');
}

/** Exit code and output of a command; undefined if there is no such program. */
async function capture(
  command: readonly string[],
): Promise<{ code: number | null; output: string } | undefined> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'], signal: stop.signal });
  const closed = once(child, 'close') as Promise<[number | null]>;
  try {
    const chunks = await child.stdout.toArray();
    const [code] = await closed;
    return { code, output: Buffer.concat(chunks as Buffer[]).toString() };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** podman mounts the overlay directory onto itself and leaves it so. */
async function unmountStore(): Promise<void> {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  if (mounts.includes(` ${join(root, 'overlay')} `)) await capture(['umount', join(root, 'overlay')]);
}
