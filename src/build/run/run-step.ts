// One RUN from its request to its exit status, leaving nothing behind but what the command did.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { closeDescriptor, must, openDirectory } from '../../sys/files.js';
import { inUserNamespace, mountNew, unmount } from '../../sys/mount.js';
import type { Account } from '../root/account.js';
import { findAccount } from '../root/accounts.js';
import { capabilitiesOf } from './capabilities.js';
import { NoRuntimeError, RunRequestError } from './errors.js';
import { MountPoints } from './mount-points.js';
import { type BundleRequest, ociBundle } from './oci-bundle.js';
import { parseSize } from './parse-size.js';
import { newCgroup, removeCgroup } from './cgroups.js';
import { runContainer, runInChroot } from './run-container.js';
import type { RunPlace } from './run-place.js';
import type { RunOutcome, RunRequest } from './run-request.js';
import { chooseRuntime } from './runtimes.js';
import { seccompFor } from './seccomp-profile.js';
import { SCRIPT_PATH, StepMounts } from './step-mounts.js';
import { systemMounts } from './system-mounts.js';
import { parseUlimit } from './ulimits.js';

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const CHROOT_WARNING =
  'RUN is isolated by chroot, which is weaker than a container and has no limits of resources';
const SHM_SIZE = '64m';

/**
 * Runs a command in the working root. The thread must have a mount namespace of its own (`leaveNamespace`), and runs one step at
 * a time. `write` gets standard output and error as they come; the next piece comes when it is done. When `signal` aborts,
 * everything is killed, and the promise is rejected with its reason when all has ended. Throws {@link RunRequestError},
 * {@link NoRuntimeError} and AccountError.
 */
export async function runStep(
  request: RunRequest,
  place: RunPlace,
  write: (piece: Uint8Array) => Promise<void>,
  signal: AbortSignal,
): Promise<RunOutcome> {
  checkTexts(request);
  const scratch = mkdtempSync(join(place.state, 'run-'));
  const directory = join(scratch, 'step');
  mkdirSync(directory);
  // What is written for the step goes with this mount, whatever happens: no secret reaches a disk.
  mountNew('tmpfs', directory, ['mode=700']);
  const root = must(openDirectory(place.root), 'open', place.root);
  const points = new MountPoints(root);
  try {
    return await runPrepared({ request, place, directory, scratch, root, points }, write, signal);
  } finally {
    points.remove();
    closeDescriptor(root);
    unmount(directory);
    rmSync(scratch, { recursive: true });
  }
}

interface Step {
  readonly request: RunRequest;
  readonly place: RunPlace;
  readonly directory: string;
  readonly scratch: string;
  /** A descriptor of the working root. */
  readonly root: number;
  readonly points: MountPoints;
}

async function runPrepared(
  step: Step,
  write: (piece: Uint8Array) => Promise<void>,
  signal: AbortSignal,
): Promise<RunOutcome> {
  const { request, place, directory, root, points } = step;
  const { settings } = request;
  const warnings: string[] = [];
  const cgroup = newCgroup(settings.resources);
  const runtime =
    settings.isolation === 'chroot' ? undefined : await chooseRuntime(place.state, signal, place.runtimes);
  if (runtime === undefined) {
    if (settings.isolation === 'oci')
      throw new NoRuntimeError('no OCI runtime works on this machine: install crun or runc');
    warnings.push(CHROOT_WARNING);
    if (cgroup !== undefined) throw new RunRequestError('limits of processor and memory need an OCI runtime');
  }
  const account = findAccount(root, request.user);
  const system = mountsOfSystem(step, account);
  // Before anything is mounted in it, so that it stays.
  const cwd = points.keep(request.cwd, 'directory');
  await using mounts = await StepMounts.open(step, request, signal);
  const bundle = ociBundle({
    ...processOf(step, account, mounts.env),
    root: place.root,
    mounts: [...system, ...mounts.mounts],
    rlimits: settings.ulimits.map((text) => parseUlimit(text, (warning) => warnings.push(warning))),
    limits: cgroup === undefined ? undefined : { cgroup, resources: settings.resources },
    cwd,
  });
  const limited = cgroup !== undefined;
  try {
    const status =
      runtime === undefined
        ? await runInChroot({ bundle, directory }, write, signal)
        : await runContainer(
            { runtime, runtimeArgs: settings.runtimeArgs, bundle, directory, limited },
            write,
            signal,
          );
    return { status, warnings };
  } finally {
    if (cgroup !== undefined) removeCgroup(cgroup);
  }
}

function mountsOfSystem({ request, directory, points }: Step, account: Account): BundleRequest['mounts'] {
  const { settings, hostName, network, insecure } = request;
  const shmSize = parseSize(settings.shmSize === '' ? SHM_SIZE : settings.shmSize);
  if (shmSize === undefined)
    throw new RunRequestError(`${JSON.stringify(settings.shmSize)} is no size of /dev/shm`);
  const options = { directory, hostName, addHosts: settings.addHosts, shmSize, account, insecure };
  return systemMounts(
    { ...options, ownNetwork: network === 'none', inUserNamespace: inUserNamespace() },
    points,
  );
}

function processOf(
  { request }: Step,
  account: Account,
  env: readonly string[],
): Omit<BundleRequest, 'root' | 'mounts' | 'rlimits' | 'limits' | 'cwd'> {
  const { settings, insecure } = request;
  const capabilities = capabilitiesOf(settings.addCapabilities, settings.dropCapabilities, insecure);
  return {
    args: request.script === undefined ? request.args : [SCRIPT_PATH],
    env: environment([...request.env, ...env], request.hostName, account.home),
    account,
    capabilities,
    hostName: request.hostName,
    noNewPrivileges: settings.noNewPrivileges,
    ownNetwork: request.network === 'none',
    insecure,
    seccomp: insecure ? undefined : seccompFor(capabilities),
  };
}

/** The last of a name holds; behind it what the image leaves open. */
function environment(given: readonly string[], hostName: string, home: string): string[] {
  const values = new Map<string, string>();
  for (const one of [PATH, `HOSTNAME=${hostName}`, `HOME=${home}`, ...given])
    values.set(one.split('=', 1)[0] ?? '', one);
  return [...values.values()];
}

/** What ends a text for the kernel does not end it for whoever checked it. */
function checkTexts({ args, env, cwd, script }: RunRequest): void {
  if (args.length === 0 && script === undefined) throw new RunRequestError('there is no command to run');
  if ([...args, ...env, cwd].some((text) => text.includes('\0')))
    throw new RunRequestError('the command, its environment or its directory has a NUL in it');
}
