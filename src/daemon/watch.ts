// What those see who watch over the daemon: nothing of it is loaded unless somebody may look.
import type { Dispatcher } from '../rpc/index.js';
import type { Runtime } from '../runtime/runtime.js';
import { groupNumber } from './doors.js';
import type { HealthChecks } from './health.js';
import type { Metrics } from './metrics.js';
import type { MetricsServer } from './metrics-server.js';
import type { DaemonOptions } from './options.js';

export class Watch {
  readonly metrics: Metrics;
  readonly #health: HealthChecks;
  readonly #server: MetricsServer;

  private constructor(metrics: Metrics, health: HealthChecks, server: MetricsServer) {
    this.metrics = metrics;
    this.#health = health;
    this.#server = server;
  }

  /** Undefined if there is no place to ask. */
  static async of(
    { metrics: places }: Pick<DaemonOptions, 'metrics'>,
    version: string,
    runtime: Runtime,
    dispatcher: Dispatcher,
  ): Promise<Watch | undefined> {
    if (places.length === 0) return undefined;
    const [{ Metrics }, { HealthChecks }, { MetricsServer }] = await Promise.all([
      import('./metrics.js'),
      import('./health.js'),
      import('./metrics-server.js'),
    ]);
    const metrics = new Metrics(version, runtime, dispatcher);
    const health = new HealthChecks(runtime, metrics.lag);
    return new Watch(metrics, health, new MetricsServer(metrics, health));
  }

  /** Returns where each socket is. Throws `AddressError`. */
  async open({
    metrics: places,
    environment,
  }: Pick<DaemonOptions, 'metrics' | 'environment'>): Promise<readonly string[]> {
    const groupId = async (name: string): Promise<number> => await groupNumber(name, environment);
    const opened: string[] = [];
    for (const place of places)
      opened.push(
        await (typeof place === 'string'
          ? this.#server.listen(place, { groupId })
          : this.#server.listenOn(place.fd)),
      );
    return opened;
  }

  /** The daemon is about to end: it goes on answering, and says so. */
  stopping(): void {
    this.#health.stop();
  }

  async close(): Promise<void> {
    this.metrics.stop();
    await this.#server.close();
  }
}
