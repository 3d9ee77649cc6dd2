// What podman-remote 1.9.3 sends, to the byte, and what it cannot do without: recorded command by command
// (docs/clients-of-2020.md).
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { buildImage, buildTar } from '../peers/sample-image.js';
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
import { Scene } from './support/scene.js';

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

/** The one reply that says that there is no such image; the exit status is 1 by its name. */
const noImage = (wanted: string): object[] => [
  {
    error: 'io.podman.ImageNotFound',
    parameters: {
      id: wanted,
      reason: `unable to find a name and tag match for ${wanted} in repotags: no such image`,
    },
  },
];

/** Gives the image a name that may go. */
async function named(own: string): Promise<string> {
  await scene.daemon.call('TagImage', { name: id, tagged: own });
  return own;
}

describe('podman-remote 1.9.3', () => {
  it('shows version and info', async () => {
    using caller = client();
    expect(await caller.ask('{"method":"io.podman.GetVersion"}')).toEqual({
      version: expect.any(String),
      go_version: expect.any(String),
      git_commit: expect.any(String),
      built: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      os_arch: expect.stringMatching(/^linux\//),
      remote_api_version: 1,
    });
    expect(await caller.ask('{"method":"io.podman.GetInfo"}')).toMatchObject({
      info: {
        host: { cpus: expect.any(Number), mem_total: expect.any(Number), os: 'linux' },
        registries: { search: [], insecure: [scene.registry.host], blocked: [] },
        store: { graph_driver_name: 'overlay', graph_root: scene.store.root },
      },
    });
  });

  it('lists images', async () => {
    using caller = client();
    const { images } = await caller.ask<{ images: { id: string }[] }>('{"method":"io.podman.ListImages"}');
    expect(images.find((image) => image.id === id)).toMatchObject({
      repoTags: [name],
      repoDigests: [expect.stringMatching(/@sha256:[0-9a-f]{64}$/)],
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      size: expect.any(Number),
      isParent: false,
      labels: { tier: 'front <&>' },
    });
  });

  it('pulls, and asks for the image it got on the same connection', async () => {
    using caller = client();
    const pulled = scene.serve('pulled', await buildImage({ layers: [[{ name: 'pulled' }]] }));
    const { logs, id: got } = await streamed(
      caller,
      `{"method":"io.podman.PullImage","parameters":{"name":"${pulled}","creds":{"username":"","password":""}},"more":true}`,
    );
    expect(logs[0]).toBe(`Trying to pull ${pulled}...\n`);
    expect(logs.at(-1)).toBe('Storing signatures\n');
    expect(await caller.ask(getImage(got))).toEqual(imageIs(got));
  });

  it('is told after the log why a pull failed', async () => {
    using caller = client();
    const missing = scene.name('missing');
    const replies = await caller.say(
      `{"method":"io.podman.PullImage","parameters":{"name":"${missing}","creds":{"username":"","password":""}},"more":true}`,
    );
    expect(
      replies.slice(0, -1).map(({ parameters }) => (parameters as { reply: Logged }).reply.logs),
    ).toEqual([[`Trying to pull ${missing}...\n`], ['  manifest unknown: manifest unknown\n']]);
    expect(replies.at(-1)).toEqual({
      error: 'io.podman.ErrorOccurred',
      parameters: {
        reason: expect.stringMatching(/^unable to pull .*: manifest unknown: manifest unknown$/),
      },
    });
  });

  it('names the connection that a pull could not make, as Podman does', async () => {
    using caller = client();
    const replies = await caller.say(
      '{"method":"io.podman.PullImage","parameters":{"name":"127.0.0.1:1/x","creds":{"username":"","password":""}},"more":true}',
    );
    expect(JSON.stringify(replies)).toContain(
      String.raw`"  Get \"https://127.0.0.1:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused\n"`,
    );
  });

  it('pushes', async () => {
    using caller = client();
    const { logs, id: pushed } = await streamed(
      caller,
      `{"method":"io.podman.PushImage","parameters":{"name":"${id}","tag":"${scene.name('pushed')}","compress":false,"format":"","removeSignatures":false,"signBy":""},"more":true}`,
    );
    expect(pushed).toBe(id);
    expect(logs.at(-1)).toBe('Storing signatures\n');
  });

  it('tags by id, untags, and removes a name', async () => {
    using caller = client();
    expect(await caller.ask(getImage(name))).toEqual(imageIs(id));
    for (const tagged of ['one:1', 'two']) {
      await caller.ask(`{"method":"io.podman.TagImage","parameters":{"name":"${id}","tagged":"${tagged}"}}`);
    }
    await caller.ask(`{"method":"io.podman.UntagImage","parameters":{"name":"${id}","tag":"one:1"}}`);
    expect(await caller.say(getImage('localhost/one:1'))).toMatchObject([
      { error: 'io.podman.ImageNotFound' },
    ]);
    expect(
      await caller.ask(
        '{"method":"io.podman.RemoveImageWithResponse","parameters":{"name":"two","force":false}}',
      ),
    ).toEqual({ response: { untagged: ['localhost/two:latest'], deleted: '' } });
    expect(await caller.ask(getImage(id))).toEqual(imageIs(id));
  });

  it('knows by the name of the error that an image is not there', async () => {
    using caller = client();
    expect(await caller.say(getImage('nosuch'))).toEqual(noImage('nosuch'));
    const remove =
      '{"method":"io.podman.RemoveImageWithResponse","parameters":{"name":"nosuch","force":false}}';
    expect(await caller.say(remove)).toEqual(noImage('nosuch'));
  });

  it('shows history, and inspects what is no container', async () => {
    using caller = client();
    const { history } = await caller.ask<{ history: object[] }>(
      `{"method":"io.podman.HistoryImage","parameters":{"name":"${name}"}}`,
    );
    expect(history).toMatchObject([{ id, tags: [name] }, { id: '<missing>' }]);
    const [container] = await caller.say(
      `{"method":"io.podman.ContainerStateData","parameters":{"name":"${name}"}}`,
    );
    expect(container?.error).toBeDefined();
    expect(await caller.ask(getImage(name))).toEqual(imageIs(id));
    const { image } = await caller.ask<{ image: string }>(
      `{"method":"io.podman.InspectImage","parameters":{"name":"${id}"}}`,
    );
    expect(JSON.parse(image)).toMatchObject({ Id: id, RepoTags: [name], Config: { Cmd: ['/file'] } });
  });

  it('draws the tree, and tells what the top layer changes', async () => {
    using caller = client();
    const { tree } = await caller.ask<{ tree: string }>(
      `{"method":"io.podman.ImageTree","parameters":{"name":"${name}","whatRequires":false}}`,
    );
    expect(tree).toMatch(new RegExp(`^Image ID: ${id.slice(0, 12)}\nTags:     \\[${name}\\]\n`));
    expect(await caller.ask(`{"method":"io.podman.Diff","parameters":{"name":"${name}"}}`)).toEqual({
      diffs: [{ path: '/other', changeType: 'A' }],
    });
  });

  it('saves, and fetches what was saved on the same connection', async () => {
    using caller = client();
    const archive = await savedArchive(caller, name);
    expect(archive.toString('latin1')).toContain(`"RepoTags":["${name}"]`);
    expect(await caller.ask(getImage(name))).toEqual(imageIs(id));
  });

  it('loads and names what it sent, quietly', async () => {
    using caller = client();
    const handle = await caller.upload(await savedArchive(caller, name));
    const { reply } = await caller.ask<{ reply: Logged }>(
      `{"method":"io.podman.LoadImage","parameters":{"name":"loaded:1","inputFile":"${handle}","quiet":true,"deleteFile":true}}`,
    );
    expect(reply).toEqual({ logs: [], id: name });
    expect(await caller.ask(getImage(reply.id))).toEqual(imageIs(id));
    await caller.ask(`{"method":"io.podman.TagImage","parameters":{"name":"${id}","tagged":"loaded:1"}}`);
    expect(await caller.ask(getImage('loaded:1'))).toEqual(imageIs(id));
    await scene.daemon.call('UntagImage', { name: id, tag: 'loaded:1' });
  });

  it('imports what it sent', async () => {
    using caller = client();
    const handle = await caller.upload(await buildTar([{ name: 'imported' }]));
    const { image } = await caller.ask<{ image: string }>(
      `{"method":"io.podman.ImportImage","parameters":{"source":"${handle}","reference":"imp:1","message":"msg","changes":["CMD=/x"],"delete":true}}`,
    );
    expect(await caller.ask(getImage('imp:1'))).toEqual(imageIs(image));
  });

  it('builds what it sent', async () => {
    using caller = client();
    const handle = await caller.upload(await contextOf());
    const { logs, id: built } = await streamed(caller, buildMessage(handle, 'built:1'), 'image');
    expect(logs[0]).toBe('STEP 1: FROM scratch\n');
    expect(logs.at(-1)).toBe(`${built}\n`);
    expect(await caller.ask(getImage('built:1'))).toEqual(imageIs(built));
  });

  it('prunes', async () => {
    using caller = client();
    const { pruned } = await caller.ask<{ pruned: string[] }>(
      '{"method":"io.podman.ImagesPrune","parameters":{"all":false,"filter":[]}}',
    );
    expect(pruned).not.toContain(id);
    expect(await caller.ask(getImage(id))).toEqual(imageIs(id));
  });

  it('follows events that were and are, until one is empty', async () => {
    using caller = client();
    using other = client();
    const first = await named('events:1');
    caller.write(
      '{"method":"io.podman.GetEvents","parameters":{"filter":["event=tag"],"since":"1h","until":"2s"},"more":true}\0',
    );
    const seen: unknown[] = [];
    for (;;) {
      const { parameters } = (await caller.next()) as { parameters: { events: Record<string, string> } };
      const { status, type, time } = parameters.events;
      if (status === '' && type === '' && time === '') break;
      seen.push(parameters.events);
    }
    expect(seen).toContainEqual({
      id,
      image: '',
      name: expect.any(String),
      status: 'tag',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/),
      type: 'image',
    });
    await other.ask(`{"method":"io.podman.UntagImage","parameters":{"name":"${id}","tag":"${first}"}}`);
  });
});

describe('rmi -a of podman-remote 1.9.3', () => {
  it('lists and removes until nothing is left', async () => {
    const own = await Scene.open();
    try {
      const parent = await buildImage({ layers: [[{ name: 'parent' }]] });
      await own.daemon.pull(own.serve('parent', parent));
      using caller = new OldClient(own.daemon.address);
      const handle = await caller.upload(
        await contextOf(`FROM ${own.name('parent')}\nLABEL a=b\nLABEL c=d\n`),
      );
      await streamed(caller, buildMessage(handle, 'child'), 'image');
      for (let rounds = 0; ; rounds += 1) {
        const { images } = await caller.ask<{ images: { id: string; repoTags: string[] }[] }>(
          '{"method":"io.podman.ListImages"}',
        );
        if (images.length === 0) break;
        expect(rounds).toBeLessThan(4);
        for (const { id: found, repoTags } of images) {
          await caller.say(
            `{"method":"io.podman.RemoveImageWithResponse","parameters":{"name":"${repoTags[0] ?? found}","force":true}}`,
          );
        }
      }
    } finally {
      await own.close();
    }
  });
});
