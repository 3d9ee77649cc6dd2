// Which image a name means, beside podman: several hundred names on a store of many images.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { buildImage } from '../peers/sample-image.js';
import { Scene } from './support/scene.js';
import type { VarlinkConnection } from './support/varlink.js';

jest.setTimeout(120_000);

const images: readonly (readonly string[])[] = [
  ['docker.io/library/app:1', 'docker.io/library/app:latest'],
  ['localhost/app:2', 'localhost/tool:latest'],
  ['quay.io/team/app:3', 'quay.io/team/app:latest'],
  ['quay.io/team/sub/app:4'],
  ['example.com:5000/team/tool:1'],
  ['docker.io/user/app:1'],
  ['localhost/multi:1', 'example.com/multi:1', 'quay.io/x/multi:1'],
  ['localhost/abc:latest', 'docker.io/library/deadbeef:latest'],
  ['docker.io/library/twice:1'],
  ['localhost/twice:1'],
  ['quay.io/one/same:1'],
  ['quay.io/two/same:1'],
  [],
];
const nobodies =
  ' |no-such|<none>|<none>:<none>|a b|../app|localhost|localhost/|app:|:1|app@|latest|app:x/y|sha256:|sha256:x|docker.io/|ÄPP|app\n|@|[]'
    .split('|')
    .concat('x'.repeat(300));

let scene: Scene;
let connection: VarlinkConnection;
const ids: string[] = [];
const digests: string[] = [];

beforeAll(async () => {
  scene = await Scene.open();
  const { daemon } = scene;
  for (const [index, names] of images.entries()) {
    const image = await buildImage({ layers: [[{ name: `file-${index}` }]] });
    const id = await daemon.pull(scene.serve('image', image, String(index)));
    for (const tagged of names) await daemon.call('TagImage', { name: id, tagged });
    await daemon.call('UntagImage', { name: id, tag: scene.name('image', String(index)) });
    ids.push(id);
    digests.push(image.digest);
  }
  connection = await daemon.connect();
});

afterAll(async () => {
  await scene?.close();
});

/** Every way to say the names, ids and digests of the images, and some that nearly are. */
function generated(): readonly string[] {
  const asked = new Set(nobodies);
  for (const [index, names] of images.entries()) {
    const id = ids[index] ?? '';
    for (const length of [2, 3, 12, 63, 64]) asked.add(id.slice(0, length));
    asked.add(`sha256:${id}`).add(`${id}0`);
    for (const name of names) {
      asked.add(`containers-storage:${name}`).add(name.toUpperCase());
      const path = name.split('/');
      for (const from of path.keys()) {
        const tagged = path.slice(from).join('/');
        const repository = tagged.replace(/:[^:/]*$/, '');
        asked.add(tagged).add(tagged.slice(1)).add(repository).add(`${repository}:none`).add(`x/${tagged}`);
      }
      const repository = name.replace(/:[^:/]*$/, '');
      asked.add(`${repository}@${digests[index]}`).add(`${name}@${digests[index]}`);
      asked.add(`${repository}@sha256:${'0'.repeat(64)}`);
    }
  }
  // See below.
  return [...asked].filter((name) => !/^(?:(?:x\/)?(?:library\/)?twice|(?:x\/)?same)/.test(name));
}

/** The image that a name means to us; undefined if none. */
async function ours(id: string): Promise<string | undefined> {
  try {
    const { image } = (await connection.call('io.podman.GetImage', { id })) as { image: { id: string } };
    return image.id;
  } catch (error) {
    if ((error as { error?: string }).error === 'io.podman.ImageNotFound') return undefined;
    throw error;
  }
}

/** The ids of what podman finds, in the order of the names. */
async function podman(...names: readonly string[]): Promise<readonly string[]> {
  const args = ['image', 'inspect', '--format', '{{.Id}}', '--', ...names];
  return (await scene.store.podman(args)).stdout.split('\n').filter((line) => line !== '');
}

describe('a name', () => {
  it('means the image it means to podman, or none', async () => {
    const found: (readonly [string, string])[] = [];
    const nothing: string[] = [];
    for (const name of generated()) {
      const id = await ours(name);
      if (id === undefined) nothing.push(name);
      else found.push([name, id]);
    }
    expect([found.length > 90, nothing.length > 90]).toEqual([true, true]);
    const theirs = await podman(...found.map(([name]) => name));
    expect(found).toEqual(found.map(([name], index) => [name, theirs[index]]));
    expect(await podman(...nothing)).toEqual([]);
  });

  it('is one of docker.io before it is one of localhost, as for Podman 1.9', async () => {
    expect(await ours('twice:1')).toBe(ids[8]);
    expect(await podman('twice:1')).toEqual([ids[9]]);
  });

  it('that ends the names of two images means none, and not the first', async () => {
    expect(await ours('same:1')).toBeUndefined();
    expect(await podman('same:1')).toHaveLength(1);
  });

  it('may have a transport, a short id behind sha256:, or an id behind @, as for Podman 1.9', async () => {
    const [id = ''] = ids;
    const names = [
      `docker://${images[0]?.[0]}`,
      `sha256:${id.slice(0, 12)}`,
      `@${id}`,
      `docker.io/library/app@${id}`,
    ];
    for (const name of names) expect([name, await ours(name)]).toEqual([name, id]);
    expect(await podman(...names)).toEqual([]);
  });

  it('with a digest means an image of its repository only', async () => {
    const names = [`quay.io/other/name@${digests[0]}`, `other@${digests[0]}`];
    for (const name of names) expect([name, await ours(name)]).toEqual([name, undefined]);
    expect(await podman(...names)).toEqual([ids[0], ids[0]]);
  });
});
