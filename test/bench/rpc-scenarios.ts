// What the load of the rpc bench consists of: small calls in three ways, and streams.
import { readdirSync, readFileSync } from 'node:fs';

import { LoadConnection } from './rpc-connection.js';
import type { Target } from './rpc-load.js';
import { RequestRing, resultOf } from './rpc-wire.js';
import { quantile } from './statistics.js';

/** What one measurement gave: messages per second, microseconds until a reply, of processor time per message. */
export interface Sample {
  readonly rate: number;
  /** Not of streams, whose replies nobody asks for one by one. */
  readonly p50?: number;
  readonly p99?: number;
  readonly processor: number;
}

type Scenario = (target: Target, duration: number) => Promise<Sample>;

const text = 'a trivial call with a short text';
/** Replies of one streaming call, and the characters of each. */
const streamed = { count: 20_000, size: 16 };

export const scenarios: Readonly<Record<string, Scenario>> = {
  sequential: (target, duration) => echoes(target, duration, 1, 1),
  pipelined: (target, duration) => echoes(target, duration, 1, 16),
  connections: (target, duration) => echoes(target, duration, 64, 1),
  stream: streams,
};

/** Calls of EchoString on several connections with so many in flight on each. */
async function echoes(
  target: Target,
  duration: number,
  connections: number,
  inFlight: number,
): Promise<Sample> {
  const opened = await Promise.all(
    Array.from({ length: connections }, () => LoadConnection.open(target.address, target.door)),
  );
  const waits: number[] = [];
  const before = processorTime(target.pid);
  const start = performance.now();
  await Promise.all(opened.map((connection) => echo(connection, target, inFlight, start + duration, waits)));
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

/** Keeps so many calls in flight on a connection until the end; adds the milliseconds of each to `waits`. */
async function echo(
  connection: LoadConnection,
  target: Target,
  inFlight: number,
  end: number,
  waits: number[],
): Promise<void> {
  const ring = new RequestRing(target.door, 'org.example.probe.EchoString', { value: text });
  const sent: number[] = [];
  const send = (count: number, now: number): void => {
    for (let one = 0; one < count; one += 1) sent.push(now);
    connection.send(ring.take(count));
  };
  await new Promise<void>((resolve, reject) => {
    connection.onFailure = reject;
    connection.onMessages = (count) => {
      const now = performance.now();
      for (let one = 0; one < count; one += 1) waits.push(now - (sent.shift() ?? now));
      if (now < end) send(count, now);
      else if (sent.length === 0) resolve();
    };
    send(inFlight, performance.now());
  });
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
async function streams(target: Target, duration: number): Promise<Sample> {
  const connection = await LoadConnection.open(target.address, target.door);
  const ring = new RequestRing(target.door, 'org.example.probe.Stream', streamed, true);
  const before = processorTime(target.pid);
  const start = performance.now();
  while (performance.now() < start + duration) await connection.receive(ring.take(1), streamed.count);
  const elapsed = performance.now() - start;
  const used = processorTime(target.pid) - before;
  const count = connection.messages;
  connection.close();
  return { rate: (count / elapsed) * 1000, processor: used / count };
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
