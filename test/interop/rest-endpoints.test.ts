// Debian's podman has the endpoints that docs/migration.md speaks of.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { restEndpoints } from '../service/rest-endpoints.js';
import { PeerStore } from './support/peer-store.js';
import { stop } from './support/process.js';

let store: PeerStore;
let service: ChildProcess;
let socket: string;

beforeAll(async () => {
  store = await PeerStore.create();
  socket = join(store.directory, 'podman.sock');
  const args = [...store.podmanOptions(), 'system', 'service', '--time', '0', `unix://${socket}`];
  service = spawn('podman', args, { env: store.environment, stdio: 'ignore' });
  while (!existsSync(socket) && service.exitCode === null) await sleep(20);
});

afterAll(async () => {
  await stop(service);
  await store.close();
});

/** How an endpoint answers, as far as it has come when it does; streams are left then. */
async function ask(endpoint: string): Promise<{ status: number | undefined; body: string }> {
  const [method, path = ''] = endpoint.split(' ');
  const versioned = path.endsWith('_ping') ? path : `/v4.0.0${path.replace('{name}', 'nothing')}`;
  const call = request({ socketPath: socket, method, path: versioned, agent: false });
  call.end();
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const { statusCode: status } = response;
  // The router knows nothing of JSON; the handlers know nothing else.
  const body = status === 404 ? Buffer.concat((await response.toArray()) as Buffer[]).toString() : '';
  call.destroy();
  return { status, body };
}

/** What an endpoint wants before it is one, or ends. */
const queries: Readonly<Record<string, string>> = {
  'POST /images/create': '?fromSrc=-',
  'GET /events': '?stream=false',
  'GET /libpod/events': '?stream=false',
};

describe("Debian's podman service", () => {
  it('answers at every endpoint of the list, and not beside it', async () => {
    const isUnknown = ({ status, body }: Awaited<ReturnType<typeof ask>>): boolean =>
      status === 405 || (status === 404 && !body.includes('"message"'));
    expect(isUnknown(await ask('GET /libpod/images/of/no/kind'))).toBe(true);
    // Nothing is waited for: prunes and removals find an empty store.
    const unknown: string[] = [];
    for (const endpoint of restEndpoints) {
      const answer = await ask(`${endpoint}${queries[endpoint] ?? ''}`);
      if (isUnknown(answer)) unknown.push(`${endpoint}: ${answer.status} ${answer.body}`);
    }
    expect(unknown).toEqual([]);
  });
});
