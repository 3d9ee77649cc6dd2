// Flags of podman's that imagectl knows and does not follow, each with the reason. The manual lists them, too.
import { Option } from 'commander';
import type { Command } from 'commander';
import { CommandError } from './errors.js';

export interface RefusedFlag {
  /** As commander declares it: `-l, --latest`, `--authfile <path>`. */
  readonly flag: string;
  /** What follows `is not supported, because `. */
  readonly reason: string;
}

const authfile: RefusedFlag = {
  flag: '--authfile <path>',
  reason: 'the service reads its own credentials: see `imaged --authfile`, or give --creds',
};
const certDir: RefusedFlag = {
  flag: '--cert-dir <path>',
  reason: "certificates are the service's: put them into its /etc/containers/certs.d/HOST",
};
/** `--tls-verify` is how it is anyway. */
const tlsVerify: RefusedFlag = {
  flag: '--no-tls-verify',
  reason: "which registries are insecure is written in the service's registries.conf",
};
const latest: RefusedFlag = {
  flag: '-l, --latest',
  reason: 'it is about containers, and imaged is for images',
};
const sigstore = 'imaged signs with GnuPG keys: see --sign-by';

/** By the name of the command behind `imagectl`. */
export const refusedFlags: Readonly<Record<string, readonly RefusedFlag[]>> = {
  commit: [
    {
      flag: '--include-volumes',
      reason: 'imaged does not know the volumes that engines mount into containers',
    },
    { flag: '-s, --squash', reason: 'a commit always adds one layer to those of the image' },
  ],
  diff: [latest],
  import: ['arch', 'os', 'variant'].map((name) => ({
    flag: `--${name} <${name}>`,
    reason: 'an import is for the machine of the service',
  })),
  inspect: [latest, { flag: '-s, --size', reason: 'it is about containers, and imaged is for images' }],
  prune: [
    { flag: '--external', reason: 'imaged counts the containers of every program that shares the store' },
  ],
  pull: [authfile, certDir, tlsVerify],
  push: [
    authfile,
    certDir,
    tlsVerify,
    { flag: '--sign-by-sigstore-private-key <path>', reason: sigstore },
    { flag: '--sign-passphrase-file <path>', reason: sigstore },
  ],
  rmi: [{ flag: '--no-prune', reason: 'images without names go with the last image that is built on them' }],
  save: [
    {
      flag: '-m, --multi-image-archive',
      reason: 'an archive has one image: names behind it are names of it, too',
    },
  ],
  search: [
    authfile,
    tlsVerify,
    { flag: '--no-trunc', reason: 'the service tells the beginning of a description only' },
  ],
};

/** Declares the flags that the command refuses, so that whoever gives one is told why. */
export function refuseFlags(command: Command, name: string): void {
  for (const { flag, reason } of refusedFlags[name] ?? []) {
    const option = new Option(flag).hideHelp();
    command.addOption(option);
    command.on(`option:${option.name()}`, () => {
      const spelled = flag === tlsVerify.flag ? '--tls-verify=false' : (option.long ?? flag);
      throw new CommandError(`${spelled} is not supported, because ${reason}`);
    });
  }
}

/** Flags that podman takes and does nothing for. */
export function idleFlags(command: Command, ...flags: readonly string[]): void {
  for (const flag of flags) command.addOption(new Option(flag).hideHelp());
}

/** Commands of `podman image` that imagectl has not, each with the reason. */
export const refusedCommands: Readonly<Record<string, string>> = {
  mount: 'mounting is for programs that are on the host of the store: `podman image mount`',
  sign: 'images are signed when they are pushed or copied: --sign-by',
  trust: "what is trusted is written in the service's policy.json",
  unmount: 'see mount',
};
