// What the service manager is told by a command that it has started (sd_notify(3)).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Context } from './context.js';

/** How often it is told the same; milliseconds. */
const interval = 5000;
/** How long it is to wait from the last sign of life on. */
const patience = 'EXTEND_TIMEOUT_USEC=60000000';

/** The manager, or nobody: without NOTIFY_SOCKET nothing is told. */
export class ServiceManager {
  readonly #context: Context;
  readonly #isThere: boolean;
  #nextLife = 0;
  #told: Promise<void> = Promise.resolve();

  constructor(context: Context) {
    this.#context = context;
    this.#isThere = (context.environment['NOTIFY_SOCKET'] ?? '') !== '';
  }

  /** There is progress: the manager shall wait on, and show `status`. What follows soon is not told. */
  alive(status: string): void {
    const now = this.#context.now();
    if (now < this.#nextLife) return;
    this.#nextLife = now + interval;
    this.#tell(patience, `STATUS=${status}`);
  }

  /** What is left to be shown; resolves when it was told. */
  async last(status: string): Promise<void> {
    this.#tell(`STATUS=${status}`);
    await this.#told;
  }

  #tell(...states: readonly string[]): void {
    if (!this.#isThere) return;
    const lines = states.map((state) => state.replaceAll('\n', ' '));
    this.#told = this.#told.then(() => notify(this.#context, lines));
  }
}

/** Node cannot send datagrams to unix sockets; every systemd comes with a program that can. */
async function notify({ environment }: Context, states: readonly string[]): Promise<void> {
  try {
    const child = spawn('systemd-notify', states, { env: environment, stdio: 'ignore' });
    await once(child, 'close');
  } catch {
    // Being shown is not worth a failure.
  }
}
