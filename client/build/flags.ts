// The flags of `imagectl build`: podman's, and what becomes of those that mean nothing to a service.
import { Option, type Command } from 'commander';
import { CommandError } from '../errors.js';

/** As commander gives them. */
export interface BuildFlags {
  readonly addHost: readonly string[];
  readonly allStages?: boolean;
  readonly annotation: readonly string[];
  readonly arch?: string;
  readonly buildArg: readonly string[];
  readonly buildContext: readonly string[];
  readonly cache: boolean;
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly cgroupParent?: string;
  readonly cpuPeriod?: string;
  readonly cpuQuota?: string;
  readonly cpuShares?: string;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  readonly device: readonly string[];
  readonly file: readonly string[];
  readonly format: string;
  readonly httpProxy: boolean;
  readonly identityLabel: boolean;
  readonly ignorefile?: string;
  readonly iidfile?: string;
  readonly isolation?: string;
  readonly label: readonly string[];
  readonly layers: boolean;
  readonly logfile?: string;
  readonly memory?: string;
  readonly memorySwap?: string;
  readonly network?: string;
  readonly os?: string;
  readonly platform?: string;
  readonly pull?: string;
  readonly pullAlways?: boolean;
  readonly pullNever?: boolean;
  readonly quiet?: boolean;
  readonly rewriteTimestamp?: boolean;
  readonly runtimeFlag: readonly string[];
  readonly secret: readonly string[];
  readonly securityOpt: readonly string[];
  readonly shmSize?: string;
  readonly signBy?: string;
  readonly skipUnusedStages: boolean;
  readonly sourceDateEpoch?: string;
  readonly squash?: boolean;
  readonly squashAll?: boolean;
  readonly ssh: readonly string[];
  readonly tag: readonly string[];
  readonly target?: string;
  readonly timestamp?: string;
  readonly ulimit: readonly string[];
  readonly variant?: string;
  readonly volume: readonly string[];
}

const one = (text: string, earlier: readonly string[]): readonly string[] => [...earlier, text];
/** Lists with commas, as some of podman's flags have them. */
const several = (text: string, earlier: readonly string[]): readonly string[] => [
  ...earlier,
  ...text.split(','),
];

/** Declares them. */
export function defineBuildFlags(command: Command): Command {
  const list = (flags: string, description: string, take = one): unknown =>
    command.option(flags, description, take, []);
  list('--add-host <host:ip>', 'Add a line to /etc/hosts (repeatable)');
  command.option('--all-stages', 'Run stages that the result does not need, too');
  list('--annotation <key=value>', 'Set an annotation of the image (repeatable)');
  command.option('--arch <architecture>', "Architecture of the image (default: the service's host's)");
  list('--build-arg <name[=value]>', 'Set a build argument; without a value, to that of the environment');
  list(
    '--build-context <name=place>',
    'A further context: a directory, a tar, an address or docker-image://NAME',
  );
  list('--cap-add <capability>', 'Run commands with this capability (repeatable)', several);
  list('--cap-drop <capability>', 'Run commands without this capability (repeatable)', several);
  command
    .option('--cgroup-parent <path>', 'Parent of the control groups that commands run in')
    .option('--cpu-period <microseconds>', 'Period of the CPU quota')
    .option('--cpu-quota <microseconds>', 'CPU time in each period')
    .option('-c, --cpu-shares <weight>', 'CPU shares')
    .option('--cpuset-cpus <list>', 'CPUs to run on (0-3, 0,1)')
    .option('--cpuset-mems <list>', 'Memory nodes to use (0-3, 0,1)');
  list('--device <host[:container[:rwm]]>', 'Give commands a device (repeatable)');
  list('-f, --file <path>', 'Dockerfile: a path, an address, or - for stdin (repeatable)');
  command
    .option('--format <format>', 'oci or docker', 'oci')
    .option('--no-http-proxy', 'Do not pass the proxies of the environment on')
    .option('--no-identity-label', 'Do not label the image with what built it')
    .option('--ignorefile <path>', 'Use this file in place of .containerignore and .dockerignore')
    .option('--iidfile <file>', 'Write the id of the image to this file')
    .option('--isolation <type>', 'oci or chroot');
  list('--label <key=value>', 'Set a label of the image (repeatable)');
  command
    .option('--layers', 'Make and reuse a layer for each step (default)', true)
    .option('--no-layers', 'Make one layer of all steps')
    .option('--logfile <file>', 'Write the log to this file')
    .option('-m, --memory <size>', 'Memory limit, such as 512m')
    .option('--memory-swap <size>', 'Limit of memory and swap together; -1 for none')
    .option('--network <mode>', 'private, none or host')
    .option('--no-cache', 'Do not reuse what earlier builds left')
    .option('--os <os>', 'Operating system of the image')
    .option('--platform <os/arch[/variant]>', 'Platform of the image')
    .addOption(
      new Option('--pull [policy]', 'Pull bases: true (always), missing, newer or never').preset('true'),
    )
    .option('--pull-always', 'Same as --pull')
    .option('--pull-never', 'Same as --pull=never')
    .option('-q, --quiet', 'Print the id only')
    .option('--rewrite-timestamp', 'Let no file in new layers be newer than --source-date-epoch');
  list('--runtime-flag <flag>', 'Give the runtime a flag (repeatable)', several);
  list('--secret <id=id,src=path|env=name>', 'A secret for RUN --mount=type=secret (repeatable)');
  list('--security-opt <option>', 'no-new-privileges', several);
  command
    .option('--shm-size <size>', 'Size of /dev/shm, such as 64m')
    .option('--sign-by <key>', "Sign with this key of the service's ring")
    .option('--no-skip-unused-stages', 'Same as --all-stages')
    .option('--source-date-epoch <seconds>', 'Time of all that is made, in seconds since 1970')
    .option('--squash', 'Make one layer of all steps')
    .option('--squash-all', 'Make one layer of all steps and of the base');
  list('--ssh <default|id[=socket]>', 'An agent for RUN --mount=type=ssh (repeatable)');
  list('-t, --tag <name>', 'Name the image (repeatable)');
  command
    .option('--target <stage>', 'End with this stage')
    .option('--timestamp <seconds>', 'Same as --source-date-epoch with --rewrite-timestamp');
  list('--ulimit <name=soft[:hard]>', 'Limits of commands (repeatable)', several);
  command.option('--variant <variant>', 'Variant of the architecture');
  list('-v, --volume <source:target[:options]>', 'Mount a directory of the host (repeatable)');
  for (const name of ['http-proxy', 'identity-label', 'skip-unused-stages', 'cache']) {
    command.addOption(new Option(`--${name}`).hideHelp().default(true));
  }
  for (const flag of withoutEffect) command.addOption(new Option(flag).hideHelp());
  for (const [flag, reason] of Object.entries(refused)) refuse(command, flag, reason);
  return command;
}

/** Ends the command with a sentence when the flag is given. */
function refuse(command: Command, flags: string, reason: string): void {
  const option = new Option(flags).hideHelp();
  command.addOption(option);
  command.on(`option:${option.name()}`, () => {
    throw new CommandError(`${option.long}: ${reason}`);
  });
}

const ofService = 'registries are reached with the settings and credentials of the service';
const oneImage = 'a build makes one image, which imagectl push can put anywhere';
const oneNamespace = 'commands of a build have namespaces of their own';
const inDockerfile = 'say that in the Dockerfile';

const refused: Readonly<Record<string, string>> = {
  '--authfile <path>': ofService,
  '--cert-dir <path>': ofService,
  '--creds <pair>': ofService,
  '--decryption-key <key>': 'images that are encrypted are not offered',
  '--cache-from <image>': 'the cache is the store of the service',
  '--cache-to <image>': 'the cache is the store of the service',
  '--cache-ttl <time>': 'the cache is the store of the service; --no-cache does without',
  '--cgroupns <mode>': oneNamespace,
  '--ipc <mode>': oneNamespace,
  '--pid <mode>': oneNamespace,
  '--userns <mode>': oneNamespace,
  '--userns-gid-map <map>': oneNamespace,
  '--userns-gid-map-group <name>': oneNamespace,
  '--userns-uid-map <map>': oneNamespace,
  '--userns-uid-map-user <name>': oneNamespace,
  '--uts <mode>': oneNamespace,
  '--cpp-flag <flag>': 'Dockerfiles are not run through the C preprocessor',
  '--dns <address>': 'names are looked up as on the host of the service',
  '--dns-option <option>': 'names are looked up as on the host of the service',
  '--dns-search <domain>': 'names are looked up as on the host of the service',
  '--env <variable>': inDockerfile,
  '--unsetenv <variable>': inDockerfile,
  '--from <image>': inDockerfile,
  '--os-feature <feature>': 'images do not get features of their operating system',
  '--os-version <version>': 'images do not get a version of their operating system',
  '--hooks-dir <path>': 'hooks are not run',
  '--manifest <name>': oneImage,
  '-o, --output <destination>': oneImage,
  '--all-platforms': oneImage,
  '--no-hosts': 'commands have the /etc/hosts of the service',
  '--no-tls-verify': ofService,
  '--omit-history': 'an image tells how it was made',
  '--logsplit': 'a build has one platform, and so one log',
  '--stdin': 'commands of a build have nothing to read',
};

/** What is so anyway, and what the service decides. */
const withoutEffect: readonly string[] = [
  '--compress',
  '-D, --disable-compression',
  '--disable-content-trust',
  '--force-rm',
  '--rm',
  '--jobs <number>',
  '--retry <number>',
  '--retry-delay <time>',
  '--tls-verify',
];
