// The JSON-RPC door of a real imaged: pulls from a raw socket, the same service as through varlink, activation.
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { IoImagedClient } from '../../src/generated/io-imaged.js';
import { IoPodmanClient } from '../../src/generated/io-podman.js';
import { OrgVarlinkServiceClient } from '../../src/generated/org-varlink-service.js';
import { connect as connectTo } from '../../src/rpc/client.js';
import type { Connection } from '../../src/rpc/index.js';
import { buildImage, type SampleImage } from '../peers/sample-image.js';
import { startActivated } from './support/activation.js';
import { PeerStore } from './support/peer-store.js';
import { ended } from './support/process.js';
import { noise } from './support/rich-image.js';
import { Scene } from './support/scene.js';
import { imageRecords, untidiness } from './support/store-content.js';

jest.setTimeout(90_000);

interface Message {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: { readonly id: unknown; readonly parameters: { readonly reply: Pulled } };
  readonly result?: { readonly reply: Pulled };
  readonly error?: object;
}

interface Pulled {
  readonly logs: readonly string[];
  readonly id: string;
}

/** A client that knows nothing but lines. */
class LineClient implements AsyncDisposable {
  readonly socket: Socket;
  readonly #lines: AsyncIterator<string>;

  constructor(path: string) {
    this.socket = connect(path);
    this.#lines = createInterface({ input: this.socket })[Symbol.asyncIterator]();
  }

  send(...messages: readonly object[]): void {
    for (const message of messages) this.socket.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }

  async next(): Promise<Message> {
    const { value } = await this.#lines.next();
    return JSON.parse(value as string) as Message;
  }

  /** Everything up to the response to `id`, which is the last. */
  async until(id: unknown): Promise<Message[]> {
    const messages: Message[] = [];
    while (messages.at(-1)?.id !== id) messages.push(await this.next());
    return messages;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return new Promise((resolve) => {
      if (this.socket.closed) resolve();
      else this.socket.once('close', () => resolve()).destroy();
    });
  }
}

let directory: string;
let path: string;
let scene: Scene;
let image: SampleImage;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'jsonrpc-'));
  path = join(directory, 'socket');
  scene = await Scene.open({ args: ['--jsonrpc', `unix:${path};mode=0660`] });
  image = await buildImage({
    layers: [
      [{ name: 'one', content: noise(300_000, 'one') }],
      [{ name: 'two', content: noise(300_000, 'two') }],
    ],
  });
});

afterAll(async () => {
  await scene?.close();
  await rm(directory, { recursive: true });
});

describe('a pull over JSON-RPC', () => {
  it('tells how it goes, and the image at its end, while other calls are answered', async () => {
    const name = scene.serve('told', image);
    await using client = new LineClient(path);
    client.send(
      { id: 'pull', method: 'io.podman.PullImage', params: { name } },
      { id: 1, method: 'io.podman.GetVersion' },
    );
    const messages = await client.until('pull');
    expect(messages.filter(({ id }) => id === 1)).toMatchObject([{ result: { remote_api_version: 1 } }]);
    const replies = messages.filter(({ method }) => method === '$/reply').map(({ params }) => params);
    const lines = replies.flatMap((reply) => reply?.parameters.reply.logs ?? []);
    expect(replies.every((reply) => reply?.id === 'pull')).toBe(true);
    expect(lines[0]).toContain('Trying to pull');
    expect(lines.filter((line) => line.includes('Copying blob'))).toHaveLength(2);
    expect(messages.at(-1)?.result?.reply).toEqual({
      logs: [],
      id: image.config.digest.replace('sha256:', ''),
    });
  });

  it('tells all at its end to one who wants a single answer', async () => {
    const name = scene.serve('single', image);
    await using client = new LineClient(path);
    client.send({ id: 1, method: 'io.podman.PullImage', params: { name }, more: false });
    const messages = await client.until(1);
    expect(messages).toHaveLength(1);
    expect(messages[0]?.result?.reply.logs.join('')).toContain('Trying to pull');
  });

  describe('that is given up', () => {
    let before: unknown[];

    beforeEach(async () => {
      before = await imageRecords(scene.store.root);
      scene.registry.fault = ({ url }) => (url.includes('/blobs/') ? { bytesPerSecond: 200_000 } : undefined);
    });

    afterEach(() => {
      scene.registry.fault = () => undefined;
    });

    /** A pull that has begun to copy, as request 1. */
    async function underWay(name: string): Promise<LineClient> {
      const large = await buildImage({ layers: [[{ name, content: noise(2_000_000, name) }]] });
      const client = new LineClient(path);
      client.send({ id: 1, method: 'io.podman.PullImage', params: { name: scene.serve(name, large) } });
      const begun = ({ params }: Message): boolean =>
        params?.parameters.reply.logs.join('').includes('Copying blob') === true;
      while (!begun(await client.next()));
      return client;
    }

    /** What is in the store once nothing runs: images, and what should not be there. */
    async function left(): Promise<unknown[]> {
      await using watch = await connectTo(scene.daemon.address);
      for await (const { operations } of new IoImagedClient(watch).watchOperationsMore({}))
        if (operations.length === 0) break;
      return [await imageRecords(scene.store.root), await untidiness(scene.store.root)];
    }

    it('by $/cancel leaves nothing, and the connection as it was', async () => {
      await using client = await underWay('cancelled');
      client.send({ method: '$/cancel', params: { id: 1 } });
      expect((await client.until(1)).at(-1)).toMatchObject({ error: { code: -32001 } });
      client.send({ id: 2, method: 'io.podman.GetVersion' });
      expect(await client.next()).toMatchObject({ id: 2, result: { remote_api_version: 1 } });
      expect(await left()).toEqual([before, []]);
    });

    it('by a caller who leaves leaves nothing', async () => {
      const client = await underWay('left');
      await client[Symbol.asyncDispose]();
      expect(await left()).toEqual([before, []]);
    });
  });
});

describe('both doors', () => {
  const doors: Connection[] = [];

  beforeAll(async () => {
    await scene.daemon.pull(scene.serve('both', image));
    doors.push(await connectTo(scene.daemon.address), await connectTo(`jsonrpc+unix:${path}`));
  });

  afterAll(async () => {
    for (const door of doors) await door.close();
  });

  const none = 'no-such-image';
  const creds = { username: '', password: '' };
  it.each<[string, (door: Connection) => Promise<unknown>]>([
    ['GetVersion', (door) => new IoPodmanClient(door).getVersion({})],
    ['ListImages', (door) => new IoPodmanClient(door).listImages({})],
    ['GetImage', (door) => new IoPodmanClient(door).getImage({ id: scene.name('both') })],
    ['GetImage of none', (door) => new IoPodmanClient(door).getImage({ id: none })],
    ['ImageExists', (door) => new IoPodmanClient(door).imageExists({ name: none })],
    ['InspectImage', (door) => new IoPodmanClient(door).inspectImage({ name: scene.name('both') })],
    ['HistoryImage of none', (door) => new IoPodmanClient(door).historyImage({ name: none })],
    [
      'ImageTree',
      (door) => new IoPodmanClient(door).imageTree({ name: scene.name('both'), whatRequires: true }),
    ],
    ['GetLayersMapWithImageInfo', (door) => new IoPodmanClient(door).getLayersMapWithImageInfo({})],
    [
      'BuildImageHierarchyMap',
      (door) => new IoPodmanClient(door).buildImageHierarchyMap({ name: scene.name('both') }),
    ],
    ['HistoryImage', (door) => new IoPodmanClient(door).historyImage({ name: scene.name('both') })],
    ['Diff', (door) => new IoPodmanClient(door).diff({ name: scene.name('both') })],
    ['Diff of none', (door) => new IoPodmanClient(door).diff({ name: none })],
    ['RemoveImage of none', (door) => new IoPodmanClient(door).removeImage({ name: none, force: false })],
    ['PullImage of none', (door) => new IoPodmanClient(door).pullImage({ name: scene.name(none), creds })],
    ['a method not implemented', (door) => door.call('io.podman.Ps', {}, (value) => value)],
    ['a method there is not', (door) => door.call('io.podman.Nothing', {}, (value) => value)],
    ['an interface there is not', (door) => door.call('io.nothing.Do', {}, (value) => value)],
    ['a wrong parameter', (door) => door.call('io.podman.GetImage', { id: 1 }, (value) => value)],
    ['an unknown parameter', (door) => door.call('io.imaged.WatchOperations', { x: 1 }, (value) => value)],
    ['WatchOperations', (door) => new IoImagedClient(door).watchOperations({})],
    ['GetInfo', (door) => new OrgVarlinkServiceClient(door).getInfo({})],
    [
      'GetInterfaceDescription',
      (door) => new OrgVarlinkServiceClient(door).getInterfaceDescription({ interface: 'io.podman' }),
    ],
  ])('give the same for %s', async (_, call) => {
    const outcomes = await Promise.allSettled(doors.map((door) => call(door)));
    const told = outcomes.map((outcome) => {
      if (outcome.status === 'fulfilled') return outcome.value;
      const { name, message, error, parameters } = outcome.reason as Record<string, unknown>;
      return { name, message, error, parameters };
    });
    expect(told[1]).toEqual(told[0]);
    expect(JSON.stringify(told[0])).not.toBe('{}');
  });
});

describe('under socket activation', () => {
  it('each socket speaks as it is named, and a caller at either keeps the daemon', async () => {
    const store = await PeerStore.create();
    const sockets = ['varlink', 'jsonrpc'].map((name) => join(store.directory, name));
    const activated = await startActivated(store, sockets, {
      names: ['varlink', 'jsonrpc'],
      args: ['--idle-timeout', '1'],
    });
    try {
      await using client = new LineClient(sockets[1] ?? '');
      client.send({ id: 1, method: 'io.podman.GetVersion' });
      expect(await client.next()).toMatchObject({ id: 1, result: { remote_api_version: 1 } });
      const over = (): boolean => activated.child.exitCode !== null;
      expect(
        await activated.log.match(/ready at descriptor 3 descriptor 4 \(JSON-RPC\)/, over),
      ).toBeDefined();
      await using varlink = await connectTo(`unix:${sockets[0]}`);
      expect(await new IoPodmanClient(varlink).getVersion({})).toBeDefined();
      await varlink.close();
      // Longer than it may be idle.
      await new Promise((resolve) => {
        setTimeout(resolve, 1500);
      });
      client.send({ id: 2, method: 'io.podman.GetVersion' });
      expect(await client.next()).toMatchObject({ id: 2 });
      client.socket.destroy();
      await ended(activated.child);
      expect(activated.child.exitCode).toBe(0);
    } finally {
      await activated.close();
      await store.close();
    }
  });
});
