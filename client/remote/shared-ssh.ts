// One login for all connections of a command to a host: a progress line must not ask for the password again.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { parseClientAddress } from '../../src/rpc/client-address.js';
import { Unfinished } from '../unfinished.js';
import type { Destination } from './destination.js';

const execute = promisify(execFile);

/** How often it is looked whether the first connection stands; milliseconds. */
const lookInterval = 20;
/** Bytes that a path of a socket can have, less those that ssh puts behind it at first. */
const longestControl = 107 - 17;

/** Those that are in use, by what ssh is asked for. */
const hosts = new Map<string, Host>();

interface Host {
  options: Promise<readonly string[]>;
  /** Where the first connection takes others in; undefined if it takes none. */
  control: string | undefined;
  /** Of the control, unless that is where ssh's own configuration has it. */
  directory: Unfinished | undefined;
  users: number;
  /** Whether the connection that logs in has ended. */
  over: boolean;
}

/** One connection's part in it. */
export class SharedSsh implements AsyncDisposable {
  readonly options: readonly string[];
  readonly #end: () => Promise<void>;

  private constructor(options: readonly string[], end: () => Promise<void> = async () => undefined) {
    this.options = options;
    this.#end = end;
  }

  /** What ssh is told for a connection to there; nothing where it is not ssh that leads there. */
  static async of({ address, identity }: Destination, signal: AbortSignal): Promise<SharedSsh> {
    const own = identity === undefined ? [] : ['-i', identity];
    if (!/^ssh(?:-exec)?:/.test(address)) return new SharedSsh([]);
    const key = `${address} ${identity}`;
    const known = hosts.get(key);
    const host = known ?? newHost(address, own);
    hosts.set(key, host);
    host.users += 1;
    const isFirst = known === undefined;
    const options = await host.options;
    const { control } = host;
    if (!isFirst && control !== undefined) await untilShared(host, control, signal);
    return new SharedSsh(options, async () => {
      host.users -= 1;
      if (isFirst) host.over = true;
      if (host.users > 0) return;
      hosts.delete(key);
      host.directory?.[Symbol.dispose]();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }
}

/** Until then ssh would log in a second time. */
async function untilShared(host: Host, control: string, signal: AbortSignal): Promise<void> {
  while (!host.over && !signal.aborted && !existsSync(control)) await pause(lookInterval);
}

function newHost(address: string, own: readonly string[]): Host {
  const options = async (): Promise<readonly string[]> => {
    host.control = await ownControl(address, own);
    if (host.control !== undefined) return own;
    const directory = new Unfinished();
    const control = controlIn(directory);
    if (control === undefined) return own;
    host.control = control;
    host.directory = directory;
    const shared = ['ControlMaster=auto', `ControlPath=${control}`, 'ControlPersist=no'];
    return [...own, ...shared.flatMap((option) => ['-o', option])];
  };
  const host: Host = {
    control: undefined,
    directory: undefined,
    users: 0,
    over: false,
    options: Promise.resolve(own),
  };
  host.options = options();
  return host;
}

/** Undefined where there is no room for it: each connection then logs in for itself. */
function controlIn(directory: Unfinished): string | undefined {
  try {
    const control = join(directory.scratch(join(tmpdir(), 'imagectl-ssh-')), 'c');
    if (Buffer.byteLength(control) <= longestControl) return control;
  } catch {
    // Nothing can be made there.
  }
  directory[Symbol.dispose]();
  return undefined;
}

/**
 * Where the configuration of ssh has connections to there shared: it does that better. A path alone is none, unless somebody
 * is there: without ControlMaster nobody will be.
 */
async function ownControl(address: string, own: readonly string[]): Promise<string | undefined> {
  const parsed = parseClientAddress(address, { sshOptions: own });
  if (parsed.kind !== 'program') return undefined;
  const [program, ...words] = parsed.command;
  const { stdout } = await execute(program, ['-G', ...words], { timeout: 5000 }).catch(() => ({
    stdout: '',
  }));
  const [, path] = /^controlpath (?!none$)(.+)$/m.exec(stdout) ?? [];
  return path !== undefined && (!/^controlmaster (?:no|false)$/m.test(stdout) || existsSync(path))
    ? path
    : undefined;
}
