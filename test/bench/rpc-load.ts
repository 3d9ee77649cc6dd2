// The load of `npm run bench -- rpc`: one process asks all servers in turn, so that its own cost is the same for each.
import { readdirSync, readFileSync } from 'node:fs';

import { clientRate, clientUses } from './rpc-client-load.js';
import { LoadConnection } from './rpc-connection.js';
import { type Door, request, RequestRing, resultOf } from './rpc-wire.js';
import { quantile } from './statistics.js';

export interface Target {
  readonly name: string;
  readonly door: Door;
  readonly address: string;
  /** Of the server, whose processor time is counted. */
  readonly pid: number;
}

export interface Plan {
  readonly targets: readonly Target[];
  readonly rounds: number;
  /** Milliseconds of one measurement. */
  readonly duration: number;
}

/** What one measurement gave: messages per second, microseconds until a reply, of processor time per message. */
export interface Sample {
  readonly rate: number;
  /** Not of streams, whose replies nobody asks for one by one. */
  readonly p50?: number;
  readonly p99?: number;
  readonly processor: number;
}

export type Samples = Record<string, Record<string, Sample[]>>;

export interface LoadReport {
  readonly samples: Samples;
  /** Seconds of each large call by what it carries and target, beside the client's JSON.parse and JSON.stringify. */
  readonly large: Record<string, { readonly json: number[]; readonly calls: Record<string, number[]> }>;
  /** Replies per second that the generated client gets, by use and target. */
  readonly clients: Record<string, Record<string, number[]>>;
}

const interfaceName = 'org.example.probe';
const text = 'a trivial call with a short text';
/** Replies of one streaming call, and the characters of each. */
const streamed = 20_000;
const streamedSize = 16;
const largeSize = 8 * 1024 * 1024;

const scenarios: Readonly<Record<string, (target: Target, duration: number) => Promise<Sample>>> = {
  sequential: (target, duration) => echo(target, duration, 1, 1),
  pipelined: (target, duration) => echo(target, duration, 1, 16),
  connections: (target, duration) => echo(target, duration, 64, 1),
  stream,
};

/** Runs the plan: within each round every scenario on every target, one after the other. */
export async function runPlan(plan: Plan): Promise<LoadReport> {
  const samples: Samples = {};
  const large: LoadReport['large'] = {};
  const clients: LoadReport['clients'] = {};
  // The first round warms both sides up.
  for (let round = 0; round <= plan.rounds; round += 1) {
    for (const [name, measure] of Object.entries(scenarios)) {
      for (const target of plan.targets) {
        const sample = await measure(target, plan.duration);
        if (round > 0) ((samples[name] ??= {})[target.name] ??= []).push(sample);
      }
    }
    for (const [name, value] of Object.entries(largeValues)) {
      const figures = (large[name] ??= { json: [], calls: {} });
      if (round > 0) figures.json.push(jsonSeconds(value.parameters));
      for (const target of plan.targets) {
        const seconds = await largeCall(target, value.method, value.parameters);
        if (round > 0) (figures.calls[target.name] ??= []).push(seconds);
      }
    }
    for (const use of clientUses) {
      for (const target of plan.targets) {
        const address = target.door === 'jsonrpc' ? `jsonrpc+${target.address}` : target.address;
        const rate = await clientRate(use, address, plan.duration);
        if (round > 0) ((clients[use] ??= {})[target.name] ??= []).push(rate);
      }
    }
  }
  return { samples, large, clients };
}

/** Calls of EchoString on several connections with so many in flight on each. */
async function echo(
  target: Target,
  duration: number,
  connections: number,
  inFlight: number,
): Promise<Sample> {
  const opened = await Promise.all(
    Array.from({ length: connections }, () => LoadConnection.open(target.address, target.door)),
  );
  const rings = opened.map(
    () => new RequestRing(target.door, `${interfaceName}.EchoString`, { value: text }),
  );
  const waits: number[] = [];
  const before = processorTime(target.pid);
  const start = performance.now();
  const end = start + duration;
  await new Promise<void>((resolve, reject) => {
    let open = connections;
    for (const [index, connection] of opened.entries()) {
      const ring = rings[index];
      if (ring === undefined) continue;
      const sent: number[] = [];
      const send = (count: number, now: number): void => {
        for (let one = 0; one < count; one += 1) sent.push(now);
        connection.send(ring.take(count));
      };
      connection.onFailure = reject;
      connection.onMessages = (count) => {
        const now = performance.now();
        for (let one = 0; one < count; one += 1) waits.push(now - (sent.shift() ?? now));
        if (now < end) send(count, now);
        else if (sent.length === 0 && (open -= 1) === 0) resolve();
      };
      send(inFlight, performance.now());
    }
  });
  const elapsed = performance.now() - start;
  const used = processorTime(target.pid) - before;
  for (const connection of opened) checkEcho(connection, target);
  return {
    rate: (waits.length / elapsed) * 1000,
    p50: quantile(waits, 0.5) * 1000,
    p99: quantile(waits, 0.99) * 1000,
    processor: used / waits.length,
  };
}

/** Every reply is the same: the first is looked into, the others are counted. */
function checkEcho(connection: LoadConnection, target: Target): void {
  const reply = resultOf(connection.first);
  const length = connection.first.length + 1;
  if (reply?.['value'] !== text || connection.bytes !== connection.messages * length)
    throw new Error(`${target.name}: not an echo: ${connection.first}`);
  connection.close();
}

/** Streams one after the other on one connection. */
async function stream(target: Target, duration: number): Promise<Sample> {
  const connection = await LoadConnection.open(target.address, target.door);
  const parameters = { count: streamed, size: streamedSize };
  const ring = new RequestRing(target.door, `${interfaceName}.Stream`, parameters, true);
  const before = processorTime(target.pid);
  const start = performance.now();
  while (performance.now() < start + duration) await connection.receive(ring.take(1), streamed);
  const elapsed = performance.now() - start;
  const used = processorTime(target.pid) - before;
  const count = connection.messages;
  connection.close();
  return { rate: (count / elapsed) * 1000, processor: used / count };
}

const largeValues: Readonly<Record<string, { readonly method: string; readonly parameters: object }>> = {
  'one text': {
    method: `${interfaceName}.EchoString`,
    parameters: { value: 'x'.repeat(largeSize - 1024) },
  },
  'an object of many small values': {
    method: `${interfaceName}.EchoObject`,
    parameters: { value: manyValues(largeSize - 1024) },
  },
};

/** An object of about so many bytes as JSON. */
function manyValues(size: number): object {
  const items: object[] = [];
  const bytes = JSON.stringify(manyItem(1_000_000)).length + 1;
  for (let index = 0; index < Math.floor(size / bytes); index += 1) items.push(manyItem(1_000_000 + index));
  return { items };
}

function manyItem(index: number): object {
  return { id: index, name: `item ${index}`, tags: ['one', 'two'], ready: true, weight: 1.5, parent: null };
}

/** Seconds until the reply to one large call has arrived. */
async function largeCall(target: Target, method: string, parameters: object): Promise<number> {
  const bytes = request(target.door, method, parameters, false, 100);
  const connection = await LoadConnection.open(target.address, target.door);
  const start = performance.now();
  await connection.receive(bytes, 1);
  const elapsed = performance.now() - start;
  if (resultOf(connection.first) === undefined)
    throw new Error(`${target.name}: ${connection.first.slice(0, 200)}`);
  connection.close();
  return elapsed / 1000;
}

/** Median seconds that JSON.parse and JSON.stringify of these parameters take here. */
function jsonSeconds(parameters: object): number {
  const json = JSON.stringify(parameters);
  const times = Array.from({ length: 3 }, () => {
    const start = performance.now();
    JSON.stringify(JSON.parse(json));
    return (performance.now() - start) / 1000;
  });
  return quantile(times, 0.5);
}

/** Microseconds that all threads of a process have run so far. */
function processorTime(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const times = threads.map((thread) => {
    const text = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8');
    return Number(text.split(' ')[0]) / 1000;
  });
  return times.reduce((sum, time) => sum + time, 0);
}

const [plan] = process.argv.slice(2);
if (plan !== undefined) {
  const report = await runPlan(JSON.parse(plan) as Plan);
  process.stdout.write(JSON.stringify(report));
  process.exit(0);
}
