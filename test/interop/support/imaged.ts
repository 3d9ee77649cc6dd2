// A real imaged from dist/ on a socket in a temporary directory, stopped by pid.
import { type ChildProcess, spawn } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

import { ended, stop, Transcript } from './process.js';
import type { PeerStore } from './peer-store.js';
import { VarlinkConnection } from './varlink.js';

// The tests run from the checkout as well as compiled below dist/: both have the daemon in dist/ of the working directory.
export const imagedProgram = join(process.cwd(), 'dist', 'imaged.js');

export interface ImagedOptions {
  /** Further command-line arguments. */
  readonly args?: readonly string[];
  /** Variables on top of the store's environment. */
  readonly env?: NodeJS.ProcessEnv;
}

let sockets = 0;

/** A running daemon. */
export class Imaged {
  readonly child: ChildProcess;
  readonly address: string;
  readonly log: Transcript;
  readonly #connections = new Set<VarlinkConnection>();

  private constructor(child: ChildProcess, address: string, log: Transcript) {
    this.child = child;
    this.address = address;
    this.log = log;
  }

  /** The command line that makes imaged use this store and nothing of the host. */
  static arguments(store: PeerStore): string[] {
    return [
      imagedProgram,
      '--root',
      store.root,
      '--runroot',
      store.runroot,
      '--storage-driver',
      'overlay',
      '--registries-conf',
      store.registriesConf,
      '--events-file',
      join(store.directory, 'events.log'),
      '--signature-policy',
      join(store.directory, 'policy.json'),
      // People read it when a test fails.
      '--log-format',
      'text',
    ];
  }

  /** Starts the daemon on this store and waits for its ready line. */
  static async start(store: PeerStore, options: ImagedOptions = {}): Promise<Imaged> {
    sockets += 1;
    const address = `unix:${join(store.directory, `imaged-${sockets}.sock`)}`;
    const args = [...Imaged.arguments(store), '--address', address, ...(options.args ?? [])];
    const env = { ...store.environment, ...options.env };
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const log = new Transcript(child.stdout, child.stderr);
    const ready = new Transcript(child.stdout);
    const line = await ready.match(
      /^.*unix:.*\n/m,
      () => child.exitCode !== null || child.signalCode !== null,
    );
    if (line === undefined) {
      await stop(child);
      throw new Error(`imaged did not start: ${log.text.trim() || 'no ready line'}`);
    }
    return new Imaged(child, address, log);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  async connect(): Promise<VarlinkConnection> {
    const connection = await VarlinkConnection.connect(this.address);
    this.#connections.add(connection);
    return connection;
  }

  /** One call on a connection of its own. */
  async call<T>(method: string, parameters?: Readonly<Record<string, unknown>>): Promise<T> {
    const connection = await this.connect();
    try {
      return (await connection.call(`io.podman.${method}`, parameters)) as T;
    } finally {
      connection.close();
      this.#connections.delete(connection);
    }
  }

  /** Pulls without `more` and returns the image's id. */
  async pull(name: string): Promise<string> {
    const { reply } = await this.call<{ reply: { id: string } }>('PullImage', { name });
    return reply.id;
  }

  /** Highest resident set so far, in bytes. */
  async peakRss(): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  }

  /** What its open descriptors are, as the kernel names them. */
  async descriptors(): Promise<string[]> {
    const directory = `/proc/${this.pid}/fd`;
    const names = await readdir(directory);
    const targets = await Promise.allSettled(names.map((name) => readlink(join(directory, name))));
    return targets.flatMap((target) => (target.status === 'fulfilled' ? [target.value] : []));
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await ended(this.child);
    this.#disconnect();
  }

  async close(): Promise<void> {
    this.#disconnect();
    await stop(this.child);
  }

  #disconnect(): void {
    for (const connection of this.#connections) {
      connection.close();
    }
    this.#connections.clear();
  }
}
