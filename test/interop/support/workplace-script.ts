// Scripts that use the workplaces of builds: threads run what was built, so the scripts do, too.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const dist = resolve(import.meta.dirname, '../../../dist/src');

/** `process.argv[1]` is a private directory in which `base` is a root with busybox. */
const prelude = `
  import fs from 'node:fs';
  import { join } from 'node:path';
  import { execFileSync } from 'node:child_process';
  import { setTimeout as sleep } from 'node:timers/promises';
  import { BuildWorkplaces } from '${dist}/runtime/builds/build-workplaces.js';
  import { BuildThreadError } from '${dist}/runtime/builds/build-thread.js';
  import { SourceMissingError } from '${dist}/build/copy/copy-errors.js';
  import { AccountError } from '${dist}/build/root/accounts.js';
  const directory = process.argv[1];
  const stateDirectory = join(directory, 'state');
  const base = join(directory, 'base');
  const never = new AbortController().signal;
  const print = (value) => console.log(JSON.stringify(value));
  const reason = (error) => error instanceof Error ? error.message : error;
  let count = 0;
  /** A new layer on these. */
  const tree = (...lowers) => {
    const home = join(directory, 'home-' + process.pid + '-' + count++);
    fs.mkdirSync(join(home, 'diff'), { recursive: true });
    return { lowers, upper: join(home, 'diff'), work: join(home, 'work'), merged: join(home, 'merged') };
  };
  const pack = (place, { upper }) => place.pack({ directory: upper, tarSplitPath: upper + '.tar-split.gz' });
  const settings = {
    isolation: 'auto', addHosts: [], addCapabilities: [], dropCapabilities: [], devices: [], volumes: [], shmSize: '', ulimits: [],
    runtimeArgs: [], noNewPrivileges: false,
    resources: { cgroupParent: '', cpuPeriod: 0, cpuQuota: 0, cpuShares: 0, cpusetCpus: '', cpusetMems: '', memory: 0, memorySwap: 0 },
  };
  const shell = (line) => ({
    args: ['/bin/sh', '-c', line], env: [], cwd: '/', user: '', hostName: 'build', mounts: [], network: 'none', insecure: false, settings,
  });
  const copy = (directory, patterns, destination) => ({
    instruction: 'copy', parts: [{ source: { kind: 'context', directory, ignore: [] }, patterns }], destination,
    excludes: [], parents: false, link: false, unpack: false,
  });
  const quiet = async () => undefined;
  /** Type, mode, owner and path of all that is there. */
  const list = (path) =>
    execFileSync('find', [path, '-mindepth', '1', '-printf', '%y %m %U:%G %P\\\\n'], { encoding: 'utf8' }).split('\\n').slice(0, -1).toSorted();
`;

/** What the script printed; it has to end by itself. `wrapper` is a command that the script is started by. */
export async function runScript(
  directory: string,
  script: string,
  wrapper: readonly string[] = [],
): Promise<unknown> {
  const [program = '', ...args] = command(directory, script, wrapper);
  const { stdout } = await promisify(execFile)(program, args, { timeout: 60_000 });
  return JSON.parse(stdout) as unknown;
}

/** Starts a script that is going to be killed; its standard output is a pipe. */
export function startScript(directory: string, script: string): ChildProcess {
  const [program = '', ...args] = command(directory, script, []);
  return spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

function command(directory: string, script: string, wrapper: readonly string[]): string[] {
  return [...wrapper, process.execPath, '--input-type=module', '--eval', prelude + script, join(directory)];
}
