// A server in a process of its own, started on an address and stopped by pid.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { stop, Transcript } from './process.js';

/** How long a server may take until it listens; milliseconds. */
const patience = 20_000;

export interface ServerProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly address: string;
}

/** Starts a program that serves at a `unix:` address, and resolves once it takes connections there. */
export async function startServer(
  address: string,
  command: string,
  args: readonly string[],
): Promise<ServerProcess> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const log = new Transcript(child.stdout, child.stderr);
  const failed = once(child, 'error').then(([error]) => Promise.reject(error as Error));
  await Promise.race([untilListening(address, child, log), failed]);
  failed.catch(() => undefined);
  return {
    child,
    pid: child.pid ?? 0,
    address,
    [Symbol.asyncDispose]: () => stop(child),
  };
}

/** Foreign servers do not say when they are ready: the socket does. */
async function untilListening(address: string, child: ChildProcess, log: Transcript): Promise<void> {
  for (const deadline = Date.now() + patience; Date.now() < deadline; await sleep(20)) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    if (await isListened(address)) return;
  }
  await stop(child);
  throw new Error(`${child.spawnargs.join(' ')}: does not listen at ${address}: ${log.text.trim()}`);
}

async function isListened(address: string): Promise<boolean> {
  const name = address.replace(/^unix:/, '').replace(/;.*/, '');
  if (name.startsWith('@')) {
    // Node 20 cannot connect to others' abstract sockets.
    const sockets = await readFile('/proc/net/unix', 'utf8');
    return sockets.split('\n').some((line) => line.endsWith(` ${name}`));
  }
  const socket = connect(name);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
