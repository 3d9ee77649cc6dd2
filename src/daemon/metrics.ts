// What is counted of the daemon's work (docs/operations.md has each with its meaning).
import type { Activity, AnsweredCall, Dispatcher } from '../rpc/index.js';
import { ConnectionLimitError } from '../rpc/index.js';
import type { Operation } from '../runtime/operation.js';
import type { Runtime } from '../runtime/runtime.js';
import { outcomeOf, transferred } from '../service/audit.js';
import { LoopLag } from './loop-lag.js';
import { exposition, Histogram, Numbers } from './metric-family.js';

const counter = (name: string, help: string): Numbers => new Numbers('counter', `imaged_${name}`, help);
const gauge = (name: string, help: string): Numbers => new Numbers('gauge', `imaged_${name}`, help);
const histogram = (name: string, help: string, bounds: readonly number[]): Histogram =>
  new Histogram(`imaged_${name}`, help, bounds);

/** A scrape waits no longer for a store that is slow; milliseconds. */
const storePatience = 1000;

/** Those of one daemon. */
export function families() {
  return {
    build: gauge('build_info', 'Always 1; the versions of imaged and of Node.js'),
    calls: counter('calls_total', 'Calls that were answered'),
    callSeconds: histogram(
      'call_seconds',
      'From a call to its last reply',
      [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60],
    ),
    callsRunning: gauge('calls_running', 'Calls that are not answered yet'),
    connections: gauge('connections', 'Connections that are open'),
    refused: counter(
      'connections_refused_total',
      'Connections that were not let in because there were too many',
    ),
    broken: counter(
      'connections_failed_total',
      'Connections that were cut off, for what came over them or for a fault',
    ),
    running: gauge('operations_running', 'Operations that run'),
    operations: counter('operations_total', 'Operations that have ended'),
    operationSeconds: histogram(
      'operation_seconds',
      'From the start of an operation to its end',
      [0.1, 0.5, 2, 10, 30, 120, 600, 3600],
    ),
    bytes: counter('operation_bytes_total', 'Bytes of blobs in operations that have ended'),
    shared: counter('layers_shared_total', 'Layers that a pull took from another one that was fetching them'),
    requests: counter('registry_requests_total', 'Answers to requests for manifests, tokens and the like'),
    retries: counter('registry_retries_total', 'Such requests that were tried again'),
    images: gauge('store_images', 'Images in the store'),
    layers: gauge('store_layers', 'Layers in the store'),
    layerBytes: gauge('store_layer_bytes', 'Bytes of the layers in the store, unpacked'),
    containers: gauge('store_containers', 'Containers in the store'),
    lag: histogram(
      'event_loop_lag_seconds',
      'By how much a timer came too late, ten times a second',
      [0.005, 0.02, 0.05, 0.1, 0.5, 2],
    ),
    memory: new Numbers('gauge', 'process_resident_memory_bytes', 'Memory that the process holds'),
    cpu: new Numbers('counter', 'process_cpu_seconds_total', 'Processor time that was used'),
    started: new Numbers('gauge', 'process_start_time_seconds', 'When the process was started, since 1970'),
  };
}

/** Told of what happens; says it when it is asked. */
export class Metrics {
  readonly lag: LoopLag;
  readonly #runtime: Runtime;
  readonly #dispatcher: Dispatcher;
  readonly #families = families();

  constructor(version: string, runtime: Runtime, dispatcher: Dispatcher) {
    this.#runtime = runtime;
    this.#dispatcher = dispatcher;
    const { build, started, lag, connections, callsRunning, refused, broken, shared, retries } =
      this.#families;
    build.set(1, { version, node: process.versions.node });
    started.set(Math.round(Date.now() / 1000 - process.uptime()));
    // What is 0 is told from what is not known.
    for (const family of [connections, callsRunning, refused, broken, shared, retries]) family.add({}, 0);
    this.lag = new LoopLag((seconds) => lag.observe(seconds));
    runtime.operations.events.on('end', (operation) => this.#ended(operation));
  }

  answered(answered: AnsweredCall): void {
    const { call, duration } = answered;
    // Callers may make up names.
    const method = this.#dispatcher.describe(call.method) === undefined ? 'unknown' : call.method;
    this.#families.calls.add({ method, door: call.door, outcome: outcomeOf(answered) });
    this.#families.callSeconds.observe(duration / 1000, { method });
  }

  activity({ connections, calls }: Activity): void {
    this.#families.connections.set(connections);
    this.#families.callsRunning.set(calls);
  }

  connectionFailed(error: unknown): void {
    const { refused, broken } = this.#families;
    (error instanceof ConnectionLimitError ? refused : broken).add();
  }

  /** Everything as text. Opens no store, and waits for none. */
  async text(): Promise<string> {
    const all = this.#families;
    const { user, system } = process.cpuUsage();
    all.memory.set(process.memoryUsage.rss());
    all.cpu.set((user + system) / 1e6);
    all.running.clear();
    for (const { kind } of this.#runtime.operations.running) all.running.add({ kind });
    const { sharedLayers, traffic } = this.#runtime;
    all.shared.set(sharedLayers);
    all.retries.set(traffic.retries);
    for (const [status, count] of traffic.answers) all.requests.set(count, { status });
    const store = await this.#runtime.storeTotals(AbortSignal.timeout(storePatience)).catch(() => undefined);
    if (store !== undefined) {
      all.images.set(store.images);
      all.layers.set(store.layers);
      all.layerBytes.set(store.layerBytes);
      all.containers.set(store.containers);
    }
    return exposition(Object.values(all));
  }

  stop(): void {
    this.lag.stop();
  }

  #ended({ kind, phase, signal, startedAt, blobs }: Operation): void {
    const { operations, operationSeconds, bytes } = this.#families;
    const outcome = phase === 'done' ? 'ok' : signal.aborted ? 'left' : 'failed';
    operations.add({ kind, outcome });
    operationSeconds.observe((Date.now() - startedAt.getTime()) / 1000, { kind, outcome });
    for (const [what, count] of Object.entries(transferred(blobs))) bytes.add({ kind, what }, count);
  }
}
