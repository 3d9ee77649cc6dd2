// imaged under systemd-socket-activate: it is not started before somebody connects.
import { type ChildProcess, spawn } from 'node:child_process';

import { Imaged } from './imaged.js';
import type { PeerStore } from './peer-store.js';
import { stop, Transcript } from './process.js';

export interface Activated {
  /** systemd-socket-activate until the first connection, imaged from then on: the pid stays. */
  readonly child: ChildProcess;
  readonly log: Transcript;
  close(): Promise<void>;
}

export interface ActivationOptions {
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Names of the sockets, as FileDescriptorName= gives them. */
  readonly names?: readonly string[];
}

/** Listens on the socket paths for imaged on this store. */
export async function startActivated(
  store: PeerStore,
  sockets: string | readonly string[],
  options: ActivationOptions = {},
): Promise<Activated> {
  const paths = typeof sockets === 'string' ? [sockets] : sockets;
  const env: NodeJS.ProcessEnv = { ...store.environment, ...options.env };
  const args = [
    ...paths.flatMap((path) => ['--listen', path]),
    ...(options.names === undefined ? [] : ['--fdname', options.names.join(':')]),
    // The program gets no environment but what is passed on explicitly.
    ...Object.keys(env).flatMap((name) => ['--setenv', name]),
    process.execPath,
    ...Imaged.arguments(store),
    ...(options.args ?? []),
  ];
  const child = spawn('systemd-socket-activate', args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = new Transcript(child.stdout, child.stderr);
  const close = (): Promise<void> => stop(child);
  const over = (): boolean => child.exitCode !== null || child.signalCode !== null;
  // One line for each socket.
  if ((await log.match(new RegExp(`(Listening on .*\\n){${paths.length}}`), over)) === undefined) {
    await close();
    throw new Error(`systemd-socket-activate did not start: ${log.text.trim()}`);
  }
  return { child, log, close };
}
