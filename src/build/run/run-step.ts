// One RUN from its request to its exit status, leaving nothing behind but what the command did.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { closeDescriptor, must, openDirectory } from '../../sys/files.js';
import { inUserNamespace, mountNew, unmount } from '../../sys/mount.js';
import { findAccount } from '../root/accounts.js';
import { capabilitiesOf } from './capabilities.js';
import { NoRuntimeError } from './errors.js';
import { MountPoints } from './mount-points.js';
import { ociBundle } from './oci-bundle.js';
import { runContainer } from './run-container.js';
import type { RunOutcome, RunRequest } from './run-request.js';
import type { RunPlace } from './run-place.js';
import { chooseRuntime } from './runtimes.js';
import { seccompFor } from './seccomp-profile.js';
import { systemMounts } from './system-mounts.js';

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const SHM_BYTES = 64 * 1024 * 1024;

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
  const { settings, insecure } = request;
  const directory = mkdtempSync(join(place.state, 'run-'));
  // What was written for the step is gone with its mount, whatever happens: secrets never reach a disk.
  mountNew('tmpfs', directory, ['mode=700']);
  const root = must(openDirectory(place.root), 'open', place.root);
  const points = new MountPoints(root);
  try {
    const runtime = await chooseRuntime(place.state, signal, place.runtimes);
    if (runtime === undefined)
      throw new NoRuntimeError('no OCI runtime works on this machine: install crun or runc');
    const account = findAccount(root, request.user);
    const ownNetwork = request.network === 'none';
    const mounts = systemMounts(
      {
        directory,
        hostName: request.hostName,
        addHosts: settings.addHosts,
        shmSize: SHM_BYTES,
        ownNetwork,
        inUserNamespace: inUserNamespace(),
        insecure,
        account,
      },
      points,
    );
    const capabilities = capabilitiesOf(settings.addCapabilities, settings.dropCapabilities, insecure);
    const bundle = ociBundle({
      root: place.root,
      args: request.args,
      env: environment(request, account.home),
      cwd: points.keep(request.cwd),
      account,
      capabilities,
      hostName: request.hostName,
      mounts,
      devices: [],
      rlimits: [],
      noNewPrivileges: settings.noNewPrivileges,
      ownNetwork,
      insecure,
      seccomp: insecure ? undefined : seccompFor(capabilities),
      limits: undefined,
    });
    const container = { runtime, runtimeArgs: settings.runtimeArgs, bundle, directory, limited: false };
    const status = await runContainer(container, write, signal);
    return { status, warnings: [] };
  } finally {
    points.remove();
    closeDescriptor(root);
    unmount(directory);
    rmSync(directory, { recursive: true });
  }
}

/** What the image says, and behind it what it leaves open. */
function environment({ env, hostName }: RunRequest, home: string): string[] {
  const names = new Set(env.map((one) => one.split('=', 1)[0]));
  const defaults = [PATH, `HOSTNAME=${hostName}`, `HOME=${home}`];
  return [...env, ...defaults.filter((one) => !names.has(one.split('=', 1)[0] ?? ''))];
}
