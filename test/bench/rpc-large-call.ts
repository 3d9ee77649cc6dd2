// Calls of 8 MiB, against what JSON alone costs.
import { LoadConnection } from './rpc-connection.js';
import type { Target } from './rpc-load.js';
import { request, resultOf } from './rpc-wire.js';
import { median } from './statistics.js';

export interface LargeCall {
  readonly method: string;
  readonly parameters: object;
}

/** Bytes of the argument as JSON, nearly. */
const size = 8 * 1024 * 1024 - 1024;

export const largeCalls: Readonly<Record<string, LargeCall>> = {
  'one text': { method: 'org.example.probe.EchoString', parameters: { value: 'x'.repeat(size) } },
  'an object of many small values': {
    method: 'org.example.probe.EchoObject',
    parameters: { value: { items: manyItems() } },
  },
};

function manyItems(): object[] {
  const first = 1_000_000;
  const count = Math.floor(size / (JSON.stringify(item(first)).length + 1));
  return Array.from({ length: count }, (_, index) => item(first + index));
}

function item(id: number): object {
  return { id, name: `item ${id}`, tags: ['one', 'two'], ready: true, weight: 1.5, parent: null };
}

/** Seconds until the reply to one large call has arrived. */
export async function largeCall(target: Target, { method, parameters }: LargeCall): Promise<number> {
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
export function jsonSeconds(parameters: object): number {
  const json = JSON.stringify(parameters);
  const times = Array.from({ length: 3 }, () => {
    const start = performance.now();
    JSON.stringify(JSON.parse(json));
    return (performance.now() - start) / 1000;
  });
  return median(times);
}
