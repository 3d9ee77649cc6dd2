// One login for all connections of a command to a host: a progress line must not ask for the password again.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { parseClientAddress } from '../../src/rpc/client-address.js';
import type { Destination } from './destination.js';

const execute = promisify(execFile);

/** How often it is looked whether the first connection stands; milliseconds. */
const lookInterval = 20;

/** Those that are in use, by what ssh is asked for. */
const hosts = new Map<string, Host>();

interface Host {
  options: Promise<readonly string[]>;
  /** Where the first connection takes others in; undefined if ssh's own configuration has a place for that. */
  control: string | undefined;
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
      if (control !== undefined) await rm(join(control, '..'), { recursive: true, force: true });
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
    if (await hasOwnControl(address, own)) return own;
    const directory = await mkdtemp(join(tmpdir(), 'imagectl-ssh-')).catch(() => undefined);
    if (directory === undefined) return own;
    host.control = join(directory, 'c');
    const control = ['ControlMaster=auto', `ControlPath=${host.control}`, 'ControlPersist=no'];
    return [...own, ...control.flatMap((option) => ['-o', option])];
  };
  const host: Host = { control: undefined, users: 0, over: false, options: Promise.resolve(own) };
  host.options = options();
  return host;
}

/** Does the configuration of ssh say where connections to there are shared? Then it does that better. */
async function hasOwnControl(address: string, own: readonly string[]): Promise<boolean> {
  const parsed = parseClientAddress(address, { sshOptions: own });
  if (parsed.kind !== 'program') return true;
  const [program, ...words] = parsed.command;
  const { stdout } = await execute(program, ['-G', ...words], { timeout: 5000 }).catch(() => ({
    stdout: '',
  }));
  return /^controlpath (?!none$)/m.test(stdout);
}
