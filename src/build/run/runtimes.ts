// Which OCI runtime starts containers here: the first that has just done so.
import {
  accessSync,
  constants,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { inUserNamespace } from '../../sys/mount.js';
import { closeDescriptor, must, openDirectory } from '../../sys/files.js';
import { MountPoints } from './mount-points.js';
import { type BundleMount, ociBundle } from './oci-bundle.js';
import { runContainer } from './run-container.js';
import { systemMounts } from './system-mounts.js';

/** The quicker one first. */
const usualRuntimes = ['crun', 'runc'];
/** Also where an ordinary user's search path does not go. */
const places = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
/** What a program of the host may need of it. */
const hostDirectories = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32', 'usr', 'nix', 'gnu'];

const SMALL = 64 * 1024;
const chosen = new Map<string, string>();

/**
 * The path of the runtime that works, of those of these names or paths; undefined if none does. One that worked is kept for this
 * thread; they are tried in a
 * directory that is made below `state`.
 */
export async function chooseRuntime(
  state: string,
  signal: AbortSignal,
  names: readonly string[] = usualRuntimes,
): Promise<string | undefined> {
  const key = names.join('\n');
  const known = chosen.get(key);
  if (known !== undefined) return known;
  for (const path of names.flatMap(find)) {
    if (!(await isWorking(path, state, signal))) continue;
    chosen.set(key, path);
    return path;
  }
  // It is tried again with the next step: what keeps all of them from working may pass.
  return undefined;
}

function find(name: string): string[] {
  const paths = isAbsolute(name) ? [name] : places.map((place) => join(place, name));
  const path = paths.find((one) => {
    try {
      accessSync(one, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  return path === undefined ? [] : [path];
}

async function isWorking(runtime: string, state: string, signal: AbortSignal): Promise<boolean> {
  const directory = mkdtempSync(join(state, 'trial-'));
  try {
    const root = join(directory, 'root');
    mkdirSync(root);
    const bundle = trialBundle(root, directory);
    const container = { runtime, runtimeArgs: [], bundle, directory, limited: false };
    return (await runContainer(container, () => Promise.resolve(), signal)) === 0;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The shell of the host, in a root that has its programs and nothing else. */
function trialBundle(root: string, directory: string): string {
  const account = { uid: 0, gid: 0, groups: [], home: '/' };
  const network = { ownNetwork: false, insecure: false };
  const request = { directory, hostName: 'trial', addHosts: [], shmSize: SMALL, account, ...network };
  const programs = hostPrograms(root);
  const fd = must(openDirectory(root), 'open', root);
  try {
    const mounts = systemMounts({ ...request, inUserNamespace: inUserNamespace() }, new MountPoints(fd));
    return ociBundle({
      root,
      args: ['/bin/sh', '-c', ':'],
      env: [],
      cwd: '/',
      account,
      capabilities: [],
      hostName: 'trial',
      mounts: [...mounts, ...programs],
      rlimits: [],
      noNewPrivileges: false,
      seccomp: undefined,
      limits: undefined,
      ...network,
    });
  } finally {
    closeDescriptor(fd);
  }
}

function hostPrograms(root: string): BundleMount[] {
  return hostDirectories.flatMap((name): BundleMount[] => {
    const source = `/${name}`;
    const status = lstatSync(source, { throwIfNoEntry: false });
    if (status?.isSymbolicLink() === true) symlinkSync(readlinkSync(source), join(root, name));
    if (status?.isDirectory() !== true) return [];
    mkdirSync(join(root, name));
    return [{ destination: source, type: 'bind', source, options: ['bind', 'ro'] }];
  });
}
