// PushImage into a registry: what its callers are told and when, through both doors.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import type { SampleImage } from '../peers/sample-image.js';
import { eventsOf } from './support/events.js';
import { exchangedFiles, OldClient, untilExchanged } from './support/old-client.js';
import { buildRichImage } from './support/rich-image.js';
import { Scene } from './support/scene.js';
import type { VarlinkReplyError } from './support/varlink.js';

jest.setTimeout(60_000);

let scene: Scene;
let image: SampleImage;
let name: string;
let id: string;
let directory: string;
let jsonrpc: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'push-registry-'));
  jsonrpc = join(directory, 'jsonrpc');
  scene = await Scene.open({ args: ['--jsonrpc', `unix:${jsonrpc}`] });
  image = await buildRichImage();
  name = scene.serve('rich', image);
});

beforeEach(async () => {
  await scene.clear();
  id = await scene.daemon.pull(name);
});

afterAll(async () => {
  await scene.close();
  await rm(directory, { recursive: true });
});

const plain = { compress: false, format: '', removeSignatures: false, signBy: '' };

describe('a push into a registry', () => {
  it('tells each line when it happens, and the id with it', async () => {
    const slow = 600;
    scene.registry.fault = ({ url, method }) =>
      method === 'PUT' && url.includes('/manifests/') ? { delay: slow } : undefined;
    const tag = scene.name('pushed');
    const connection = await scene.daemon.connect();
    const told: { at: number; lines: string[]; id: string }[] = [];
    for await (const { parameters } of connection.more('io.podman.PushImage', { name, tag, ...plain })) {
      const { reply } = parameters as { reply: { logs: string[]; id: string } };
      told.push({ at: performance.now(), lines: reply.logs, id: reply.id });
    }
    expect(told.map((reply) => reply.id)).toEqual(told.map(() => id));
    const lines = told.flatMap((reply) => reply.lines);
    expect(lines.at(0)).toBe('Getting image source signatures\n');
    expect(lines.slice(-3)).toEqual([
      `Copying config sha256:${id}\n`,
      'Writing manifest to image destination\n',
      'Storing signatures\n',
    ]);
    expect(lines).toHaveLength(image.layers.length + 4);
    const [writing, storing] = told.slice(-3);
    expect((storing?.at ?? 0) - (writing?.at ?? 0)).toBeGreaterThan(slow - 100);
  });

  it('goes to where the name points if no other is given, and back to the byte', async () => {
    const { reply } = await scene.daemon.call<{ reply: { id: string; logs: string[] } }>('PushImage', {
      name,
      tag: '',
      ...plain,
    });
    expect([reply.id, reply.logs.length]).toEqual([id, image.layers.length + 4]);
    const digest = await scene.store.skopeoOutput(
      'inspect',
      '--tls-verify=false',
      '--format',
      '{{.Digest}}',
      `docker://${name}`,
    );
    expect(digest).toBe(image.digest);
    expect((await eventsOf(scene.store)).at(-1)).toBe(`push ${name} ${id}`);
  });

  it('says what the registry says behind the words clients know', async () => {
    scene.registry.fault = ({ url, method }) =>
      method !== 'GET' && url.includes('/denied/')
        ? {
            status: 403,
            body: '{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}',
          }
        : undefined;
    const reason = await scene.daemon
      .call('PushImage', { name, tag: `${scene.registry.host}/denied/x:1`, ...plain })
      .catch((error: VarlinkReplyError) => error.reason);
    expect(reason).toMatch(/^Error copying image to the remote destination: .*denied/);
  });

  it('ends when its caller goes away', async () => {
    scene.registry.fault = ({ method }) => (method === 'POST' ? { delay: 30_000 } : undefined);
    const connection = await scene.daemon.connect();
    const tag = scene.name('pushed');
    connection.send({
      method: 'io.podman.PushImage',
      parameters: { name, tag, ...plain, compress: false },
      more: true,
    });
    await connection.receive();
    connection.close();
    for (let tries = 0; tries < 50 && (await running()) > 0; tries += 1) await sleep(100);
    expect(await running()).toBe(0);
  });
});

async function running(): Promise<number> {
  const connection = await scene.daemon.connect();
  const { operations } = await connection.call('io.imaged.WatchOperations');
  connection.close();
  return (operations as unknown[]).length;
}

describe('the JSON-RPC door', () => {
  async function ask(method: string, params: object): Promise<{ id?: number; [member: string]: unknown }[]> {
    const socket = connect(jsonrpc);
    try {
      socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: `io.podman.${method}`, params })}\n`);
      const messages: { id?: number }[] = [];
      for await (const line of createInterface({ input: socket })) {
        messages.push(JSON.parse(line) as { id?: number });
        if (messages.at(-1)?.id === 1) return messages;
      }
      return messages;
    } finally {
      socket.destroy();
    }
  }

  it('has the methods that copy, each line as a notification', async () => {
    const options = {
      name,
      format: '',
      output: '',
      outputType: '',
      moreTags: [],
      quiet: false,
      compress: false,
    };
    const messages = await ask('ImageSave', { options });
    expect(messages).toHaveLength(image.layers.length + 5);
    const last = messages.at(-1) as unknown as { result: { reply: { id: string; logs: string[] } } };
    expect(last.result.reply.logs).toEqual([]);
    // What was saved through this door is fetched through the other one.
    expect(await exchangedFiles(scene.store.root)).toEqual([last.result.reply.id]);
    using caller = new OldClient(scene.daemon.address);
    expect((await caller.download(last.result.reply.id, true))?.length).toBeGreaterThan(1_000_000);
    await untilExchanged(scene.store.root);
  });

  it.each([
    ['SendFile', { type: '', length: 3 }],
    ['ReceiveFile', { path: '/etc/passwd', delete: false }],
  ])('says that %s needs the other door', async (method, params) => {
    expect(await ask(method, params)).toEqual([
      expect.objectContaining({
        error: expect.objectContaining({
          message: 'client must use upgraded connection to send files',
          data: {
            error: 'io.podman.ErrorOccurred',
            parameters: { reason: 'client must use upgraded connection to send files' },
          },
        }),
      }),
    ]);
  });
});

describe('a registry that is not there', () => {
  it('is told by its name', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const reason = await scene.daemon
      .call('PushImage', { name, tag: `127.0.0.1:${port}/x:1`, ...plain })
      .catch((error: VarlinkReplyError) => error.reason);
    expect(reason).toMatch(
      new RegExp(`^Error copying image to the remote destination: .*127\\.0\\.0\\.1:${port}.*$`),
    );
  });
});
