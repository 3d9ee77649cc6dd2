// What those see who watch over a real daemon.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { buildImage } from '../peers/sample-image.js';
import { Imaged } from './support/imaged.js';
import { holdLock } from './support/lock-holder.js';
import { PeerStore } from './support/peer-store.js';
import { ended, output } from './support/process.js';
import { Scene } from './support/scene.js';

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

function ask(socketPath: string, path: string, options: object = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, agent: false, ...options }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (piece: string) => (body += piece));
      response.on('end', () => resolve({ status: response.statusCode, body }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** Begins to ask, and never ends; resolves when it was closed. */
async function idler(path: string): Promise<void> {
  const socket = connect(path);
  socket.on('error', () => undefined).resume();
  socket.write('GET /metrics HTTP/1.1\r\nx-slow: ');
  await new Promise((resolve) => socket.once('close', resolve));
}

describe('the metrics and the health of a daemon', () => {
  let scene: Scene;
  let directory: string;
  let socket: string;
  let image: string;
  /** Until they were closed. */
  let idlers: Promise<unknown>[];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'imaged-metrics-'));
    socket = join(directory, 'sock');
    scene = await Scene.open({ args: ['--metrics', `unix:${socket}`] });
    idlers = Array.from({ length: 20 }, () => idler(socket));
    image = scene.serve('a', await buildImage({ layers: [[{ name: 'a', content: 'a' }]] }));
  });

  afterAll(async () => {
    await scene.close();
    await rm(directory, { recursive: true });
  });

  it('are for the owner of the socket file alone', async () => {
    expect((await stat(socket)).mode & 0o777).toBe(0o600);
  });

  it('have calls, operations, bytes and the store, as promtool likes them', async () => {
    await scene.daemon.pull(image);
    await expect(scene.daemon.pull(scene.name('none'))).rejects.toThrow('ErrorOccurred');
    for (const name of ['One', 'Two']) {
      await expect(scene.daemon.call(`No${name}`)).rejects.toThrow('MethodNotFound');
    }
    const { body } = await ask(socket, '/metrics');
    expect(await output('promtool', ['check', 'metrics'], { input: body })).toBe('');
    for (const sample of [
      'imaged_calls_total{method="io.podman.PullImage",door="varlink",outcome="ok"} 1',
      'imaged_calls_total{method="io.podman.PullImage",door="varlink",outcome="io.podman.ErrorOccurred"} 1',
      'imaged_calls_total{method="unknown",door="varlink",outcome="org.varlink.service.MethodNotFound"} 2',
      'imaged_operations_total{kind="pull",outcome="ok"} 1',
      'imaged_operations_total{kind="pull",outcome="failed"} 1',
      'imaged_store_images 1',
      'imaged_store_layers 1',
      'imaged_connections_refused_total 0',
    ])
      expect(body.split('\n')).toContain(sample);
    expect(body).toMatch(/^imaged_operation_bytes_total\{kind="pull",what="moved"\} [1-9]\d+$/m);
    expect(body).toMatch(/^imaged_registry_requests_total\{status="2xx"\} [1-9]/m);
    expect(body).toMatch(/^imaged_registry_requests_total\{status="4xx"\} [1-9]/m);
  });

  it('are quick to tell', async () => {
    await ask(socket, '/metrics');
    const start = performance.now();
    for (let round = 0; round < 20; round += 1) await ask(socket, '/metrics');
    expect((performance.now() - start) / 20).toBeLessThan(50);
  });

  it('say whether the process works in time, and whether the store can be used', async () => {
    const alive = await ask(socket, '/healthz');
    expect(JSON.parse(alive.body)).toMatchObject({ status: expect.stringMatching(/^(ok|late)$/) });
    expect(await ask(socket, '/readyz')).toEqual({ status: 200, body: '{"status":"ok"}\n' });
    const lock = await holdLock(join(scene.store.root, 'overlay-layers', 'layers.lock'));
    try {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const [ready, metrics] = await Promise.all([ask(socket, '/readyz'), ask(socket, '/metrics')]);
      expect(ready.status).toBe(503);
      expect(ready.body).toContain('did not answer within 3 s');
      expect(metrics.status).toBe(200);
    } finally {
      await lock.release();
    }
  });

  it('are refused to those who ask for something else', async () => {
    expect((await ask(socket, '/')).status).toBe(404);
    expect((await ask(socket, '/metrics', { method: 'POST' })).status).toBe(405);
    const headers = { 'x-much': 'a'.repeat(16 * 1024) };
    expect((await ask(socket, '/metrics', { headers })).status).toBe(431);
  });

  it('are kept from nobody by those who never finish what they ask', async () => {
    await Promise.all(idlers);
    expect((await ask(socket, '/healthz')).body).toContain('status');
  });

  it('do not keep a daemon that nobody calls', async () => {
    const store = await PeerStore.create();
    const metrics = join(store.directory, 'm.sock');
    const daemon = await Imaged.start(store, {
      args: ['--metrics', `unix:${metrics}`, '--idle-timeout', '1'],
    });
    try {
      const over = ended(daemon.child);
      while (daemon.child.exitCode === null) {
        await ask(metrics, '/metrics').catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await over;
      expect(daemon.child.exitCode).toBe(0);
      await expect(stat(metrics)).rejects.toThrow('ENOENT');
    } finally {
      await daemon.close();
      await store.close();
    }
  });
});
