// What podman-remote 1.4.4, Python's podman and cockpit-podman send where it is not what podman-remote 1.9.3 does: recorded to
// the byte (docs/clients-of-2020.md).
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { OldClient } from './support/old-client.js';
import {
  buildMessage,
  contextOf,
  getImage,
  imageIs,
  savedArchive,
  streamed,
  type Logged,
} from './support/old-messages.js';
import { openOldScene } from './support/old-scene.js';
import type { Scene } from './support/scene.js';

jest.setTimeout(60_000);

let scene: Scene;
/** Of an image that every test leaves as it is. */
let name: string;
let id: string;

beforeAll(async () => {
  ({ scene, name, id } = await openOldScene());
});

afterAll(async () => {
  await scene.close();
});

function client(): OldClient {
  return new OldClient(scene.daemon.address);
}

/** Gives the image a name that may go. */
async function named(own: string): Promise<string> {
  await scene.daemon.call('TagImage', { name: id, tagged: own });
  return own;
}

describe('podman-remote 1.4.4', () => {
  it('pulls without a word about credentials', async () => {
    using caller = client();
    const message = `{"method":"io.podman.PullImage","parameters":{"name":"${name}"},"more":true}`;
    expect(await streamed(caller, message)).toEqual({ logs: [], id });
  });

  it('is told in the words of the system what is not there', async () => {
    using caller = client();
    const replies = await caller.say(
      '{"method":"io.podman.PullImage","parameters":{"name":"dir:/no/such"},"more":true}',
    );
    expect(replies).toEqual([
      {
        error: 'io.podman.ErrorOccurred',
        parameters: {
          reason: expect.stringMatching(/dir:\/no\/such: open \/no\/such: no such file or directory$/),
        },
      },
    ]);
  });

  it('builds without a word about the platform', async () => {
    using caller = client();
    const handle = await caller.upload(await contextOf());
    const { id: built } = await streamed(caller, buildMessage(handle, 'built:old', ''), 'image');
    expect(await caller.ask(getImage(built))).toEqual(imageIs(built));
  });

  it('draws the tree of layers by itself', async () => {
    using caller = client();
    const { layerMap } = await caller.ask<{ layerMap: string }>(
      '{"method":"io.podman.GetLayersMapWithImageInfo"}',
    );
    const layers = Object.values(JSON.parse(layerMap) as Record<string, { RepoTags: string[] | null }>);
    expect(layers.filter(({ RepoTags }) => RepoTags?.includes(name))).toHaveLength(1);
  });

  it('removes, and learns the id', async () => {
    using caller = client();
    const own = await named('removed:1');
    expect(
      await caller.ask(`{"method":"io.podman.RemoveImage","parameters":{"name":"${own}","force":false}}`),
    ).toEqual({ image: id });
  });

  it('prunes without a filter', async () => {
    using caller = client();
    expect(await caller.ask('{"method":"io.podman.ImagesPrune","parameters":{"all":false}}')).toEqual({
      pruned: expect.any(Array),
    });
  });
});

describe("Python's podman 1.6.0", () => {
  const describeInterface =
    '{"method": "org.varlink.service.GetInterfaceDescription", "parameters": {"interface": "io.podman"}}';

  it('reads the interface on each connection before it calls', async () => {
    using caller = client();
    const { description } = await caller.ask<{ description: string }>(describeInterface);
    expect(description).toMatch(/^interface io\.podman$/m);
    expect(await caller.ask('{"method": "io.podman.GetVersion"}')).toMatchObject({ remote_api_version: 1 });
  });

  it('takes all lines of a load at once', async () => {
    using caller = client();
    const handle = await caller.upload(await savedArchive(caller, name));
    const { reply } = await caller.ask<{ reply: Logged }>(
      `{"method": "io.podman.LoadImage", "parameters": {"name": "", "inputFile": "${handle}", "quiet": false, "deleteFile": false}}`,
    );
    expect(reply).toEqual({ logs: expect.arrayContaining(['Storing signatures\n']), id: name });
  });

  it('searches with a filter that has one field, or none', async () => {
    using caller = client();
    for (const filter of ['{}', '{"is_official": false}']) {
      expect(
        await caller.ask(
          `{"method": "io.podman.SearchImages", "parameters": {"query": "${scene.registry.host}/old", "limit": 25, "filter": ${filter}}}`,
        ),
      ).toMatchObject({ results: expect.any(Array) });
    }
  });

  it('exports without a word about further names', async () => {
    using caller = client();
    expect(
      await caller.ask(
        `{"method": "io.podman.ExportImage", "parameters": {"name": "${id}", "destination": "oci-archive:${scene.store.directory}/exported.tar", "compress": false}}`,
      ),
    ).toEqual({ image: id });
  });
});

describe('cockpit-podman 12', () => {
  it('sends the end of a message by itself, and goes on when a container cannot be had', async () => {
    using caller = client();
    caller.write('{"method":"io.podman.ListContainers","parameters":{}}');
    caller.write('\0');
    expect(await caller.next()).toMatchObject({ error: 'org.varlink.service.MethodNotFound' });
    expect(await caller.ask('{"method":"io.podman.GetVersion","parameters":{}}')).toMatchObject({
      remote_api_version: 1,
    });
  });

  it('watches what happens from now on', async () => {
    using watcher = client();
    using caller = client();
    watcher.write('{"method":"io.podman.GetEvents","parameters":{},"more":true}\0');
    // Nothing says when the watch has begun: the calls of another connection may be answered before it.
    const seen: unknown[] = [];
    const arrived = watcher.next().then((reply) => seen.push(reply));
    for (let tries = 0; seen.length === 0 && tries < 100; tries += 1) {
      const own = await named(`watched:${tries}`);
      await caller.ask(`{"method":"io.podman.RemoveImage","parameters":{"name":"${own}","force":true}}`);
    }
    await arrived;
    expect(seen[0]).toMatchObject({ continues: true, parameters: { events: { id, type: 'image' } } });
  });
});
