// imaged and podman at work on one store at once: nothing is lost, nothing is corrupt, nothing is left.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { buildImage } from '../peers/sample-image.js';
import { Imaged } from './support/imaged.js';
import { noise } from './support/rich-image.js';
import { Scene } from './support/scene.js';
import { imageRecords, untidiness, unusedLayers } from './support/store-content.js';
import { VarlinkReplyError } from './support/varlink.js';

jest.setTimeout(180_000);

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.open();
});

afterEach(async () => {
  await scene.close();
});

/** An image on a base all of them share, with a layer of its own. */
async function serve(name: string): Promise<string> {
  const base = Array.from({ length: 30 }, (_, file) => ({
    name: `base/${file}`,
    content: noise(5000, `${file}`),
  }));
  const own = Array.from({ length: 30 }, (_, file) => ({
    name: `own/${file}`,
    content: noise(5000, name + file),
  }));
  return scene.serve(name, await buildImage({ layers: [base, own] }));
}

describe('imaged and podman on one store at once', () => {
  it('pull, tag and remove in loops: nothing is lost', async () => {
    const rounds = 8;
    const errors: string[] = [];
    const ours = async (): Promise<void> => {
      for (let round = 0; round < rounds; round += 1) {
        const name = await serve(`imaged-${round}`);
        await scene.daemon.pull(name);
        await scene.daemon.call('TagImage', { name, tagged: `localhost/imaged-${round}:kept` });
        await scene.daemon.call('TagImage', { name, tagged: `localhost/imaged-${round}:gone` });
        await scene.daemon.call('UntagImage', { name, tag: `localhost/imaged-${round}:gone` });
        if (round % 2 === 1) {
          const id = (await scene.daemon.call<{ image: { id: string } }>('GetImage', { id: name })).image.id;
          await scene.daemon.call('RemoveImage', { name: id, force: true });
        }
      }
    };
    const theirs = async (): Promise<void> => {
      for (let round = 0; round < rounds; round += 1) {
        const name = await serve(`podman-${round}`);
        await scene.store.podmanOutput('pull', '--quiet', '--tls-verify=false', name);
        await scene.store.podmanOutput(
          'tag',
          name,
          `localhost/podman-${round}:kept`,
          `localhost/podman-${round}:gone`,
        );
        await scene.store.podmanOutput('untag', name, `localhost/podman-${round}:gone`);
        if (round % 2 === 1) {
          await scene.store.podmanOutput('rmi', '--force', await idOf(name));
        }
      }
    };
    const watching = watch(errors);
    await Promise.all([ours(), theirs()]);
    await watching.end();
    expect(errors).toEqual([]);

    const names = (await imageRecords(scene.store.root)).flatMap((record) => record.names ?? []);
    const kept = [0, 2, 4, 6].flatMap((round) => [
      scene.name(`imaged-${round}`),
      `localhost/imaged-${round}:kept`,
      scene.name(`podman-${round}`),
      `localhost/podman-${round}:kept`,
    ]);
    expect(names.toSorted()).toEqual(kept.toSorted());
    expect(await untidiness(scene.store.root)).toEqual([]);
    expect(await unusedLayers(scene.store.root)).toEqual([]);
    const { images } = await scene.daemon.call<{ images: { repoTags: string[] }[] }>('ListImages');
    expect(images.flatMap((image) => image.repoTags).toSorted()).toEqual(kept.toSorted());
    await scene.store.podmanOutput('rmi', '--all', '--force');
    expect(await untidiness(scene.store.root)).toEqual([]);
  });

  it('pull and remove the same image against one another: the only error is that it is not there', async () => {
    const name = await serve('contended');
    const errors: string[] = [];
    const allowed = /no such image|image not known|unable to find|not in local storage|does not exist/i;
    const ours = async (): Promise<void> => {
      for (let round = 0; round < 15; round += 1) {
        try {
          await scene.daemon.pull(name);
          await scene.daemon.call('RemoveImage', { name, force: true });
        } catch (error) {
          if (!(error instanceof VarlinkReplyError) || !allowed.test(error.reason)) {
            errors.push(String(error));
          }
        }
      }
    };
    const theirs = async (): Promise<void> => {
      for (let round = 0; round < 8; round += 1) {
        await scene.store.podman(['pull', '--quiet', '--tls-verify=false', name]);
        await scene.store.podman(['rmi', '--force', name]);
      }
    };
    const watching = watch(errors);
    await Promise.all([ours(), theirs()]);
    await watching.end();
    expect(errors).toEqual([]);
    expect(await untidiness(scene.store.root)).toEqual([]);
    await scene.daemon.pull(name);
    const { code } = await scene.store.podman(['image', 'exists', name]);
    expect(code).toBe(0);
  });

  it('tag the same image: imaged loses no name that podman gave', async () => {
    const name = await serve('tagged');
    await scene.daemon.pull(name);
    const tags = Array.from({ length: 12 }, (_, index) => index);
    await Promise.all([
      ...tags.map((tag) => scene.daemon.call('TagImage', { name, tagged: `localhost/ours:${tag}` })),
      (async () => {
        for (const tag of tags) {
          await scene.store.podmanOutput('tag', name, `localhost/theirs:${tag}`);
        }
      })(),
    ]);
    // podman writes the names it has read before it took the lock, and so loses those of others, its own processes' too:
    // what imaged does can only be seen by podman's names, and by its own once podman has ended.
    await scene.daemon.call('TagImage', { name, tagged: 'localhost/ours:last' });
    const [record] = await imageRecords(scene.store.root);
    expect(record?.names).toEqual(
      expect.arrayContaining([name, 'localhost/ours:last', ...tags.map((tag) => `localhost/theirs:${tag}`)]),
    );
  });

  it('two daemons tag the same image: every name is kept', async () => {
    const name = await serve('tagged');
    await scene.daemon.pull(name);
    const second = await Imaged.start(scene.store);
    try {
      const tags = Array.from({ length: 30 }, (_, index) => `localhost/tag:${index}`);
      await Promise.all(
        tags.map((tagged, index) =>
          (index % 2 === 0 ? scene.daemon : second).call('TagImage', { name, tagged }),
        ),
      );
      const [record] = await imageRecords(scene.store.root);
      expect(record?.names?.toSorted()).toEqual([name, ...tags].toSorted());
    } finally {
      await second.close();
    }
  });

  it('two daemons pull and tag for one another: nothing is lost', async () => {
    const second = await Imaged.start(scene.store);
    try {
      const names = await Promise.all([0, 1, 2, 3].map((index) => serve(`daemon-${index}`)));
      await Promise.all(names.map((name, index) => (index % 2 === 0 ? scene.daemon : second).pull(name)));
      await Promise.all(
        names.map((name, index) =>
          (index % 2 === 0 ? second : scene.daemon).call('TagImage', {
            name,
            tagged: `localhost/tag:${index}`,
          }),
        ),
      );
      const listed = await second.call<{ images: { repoTags: string[] }[] }>('ListImages');
      const tags = names.flatMap((name, index) => [name, `localhost/tag:${index}`]);
      expect(listed.images.flatMap((image) => image.repoTags).toSorted()).toEqual(tags.toSorted());
      expect(await untidiness(scene.store.root)).toEqual([]);
    } finally {
      await second.close();
    }
  });
});

async function idOf(name: string): Promise<string> {
  return scene.store.podmanOutput('image', 'inspect', '--format', '{{.Id}}', name);
}

/** Lists all the while, and reads the records as any other program would. */
function watch(errors: string[]): { end(): Promise<void> } {
  const ending = new AbortController();
  const files = ['overlay-images/images.json', 'overlay-layers/layers.json'];
  const loop = (async () => {
    const connection = await scene.daemon.connect();
    while (!ending.signal.aborted) {
      try {
        await connection.call('io.podman.ListImages');
        for (const file of files) {
          const text = await readFile(join(scene.store.root, file), 'utf8').catch(() => '[]');
          if (text !== '') {
            JSON.parse(text);
          }
        }
      } catch (error) {
        errors.push(`while watching: ${String(error)}`);
      }
      await new Promise((resolve) => {
        setTimeout(resolve, 5);
      });
    }
    connection.close();
  })();
  return {
    end: async () => {
      ending.abort();
      await loop;
    },
  };
}
