// Which images names, filters and searches mean: the same to imaged and to podman, on one store.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { Stage } from './every-method/stage.js';

jest.setTimeout(120_000);

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.full();
});
afterAll(() => stage?.close());

interface Listed {
  readonly images: readonly { readonly id: string }[];
}

describe('a name', () => {
  const names: readonly (readonly [title: string, name: (stage: Stage) => string])[] = [
    ['in full', ({ names }) => names.oci],
    ['without its tag', ({ names }) => names.oci.replace(/:1$/, '')],
    ['without its registry', () => 'test/oci:1'],
    ['without all but the end of a word', () => 'ci:1'],
    ['of this host, in short', () => 'base:1'],
    ['of this host, with another tag', () => 'base:2'],
    ['of another registry', () => 'quay.io/test/oci:1'],
    ['with its digest', (stage) => `${stage.names.oci.replace(/:1$/, '')}@${stage.image('oci').digest}`],
    ['with a digest that is not its own', ({ names }) => `${names.oci}@sha256:${'0'.repeat(64)}`],
    ['that is an id', (stage) => stage.id('oci')],
    ['that is an id with its algorithm', (stage) => `sha256:${stage.id('oci')}`],
    ['that is the beginning of an id', (stage) => stage.id('oci').slice(0, 10)],
    ['that is the end of an id', (stage) => stage.id('oci').slice(-10)],
    ['that is nobody’s', () => 'no-such'],
    ['in capitals', () => 'OCI:1'],
  ];

  it.each(names)('%s means the same image', async (_, nameOf) => {
    const name = nameOf(stage);
    const { code, stdout } = await stage.store.podman(['image', 'inspect', '--format', '{{.Id}}', name]);
    const ours = await stage.daemon.call<{ image: { id: string } }>('GetImage', { id: name }).then(
      ({ image }) => image.id,
      ({ error }: { error: string }) => error,
    );
    expect(ours).toBe(code === 0 ? stdout.trim() : 'io.podman.ImageNotFound');
  });
});

describe('what Podman 1.9 took and podman takes no more', () => {
  it.each([
    ['a name without its path', () => 'oci:1'],
    ['a name of a transport', ({ names }: Stage) => `docker://${names.oci}`],
  ])('%s still means an image', async (_, nameOf) => {
    const name = nameOf(stage);
    expect((await stage.store.podman(['image', 'inspect', name])).code).not.toBe(0);
    const { image } = await stage.daemon.call<{ image: object }>('GetImage', { id: name });
    expect(image).toMatchObject({ id: stage.id('oci') });
  });

  it('filters of one key that contradict one another pass nothing', async () => {
    const filters = ['label=kind=oci', 'label=kind=docker'];
    const { images } = await stage.daemon.call<Listed>('ListImagesWithFilters', { filters });
    expect(images).toEqual([]);
    const flags = filters.flatMap((filter) => ['--filter', filter]);
    const listed = await stage.store.podmanOutput('images', '--no-trunc', '-q', ...flags);
    expect(listed.split('\n')).toHaveLength(2);
  });
});

describe('a filter', () => {
  it.each([
    'label=kind',
    'label=kind=oci',
    'label=kind=none',
    'dangling=true',
    'dangling=false',
    'readonly=true',
    'until=1s',
    'label=kind=docker dangling=false readonly=false',
  ])('%s passes the same images', async (filters) => {
    const given = filters.split(' ');
    const flags = given.flatMap((filter) => ['--filter', filter]);
    const listed = await stage.store.podmanOutput('images', '--all', '--no-trunc', '-q', ...flags);
    const theirs = listed.split('\n').filter((id) => id !== '');
    const { images } = await stage.daemon.call<Listed>('ListImagesWithFilters', { filters: given });
    // An image with two names is two lines of podman's.
    expect(images.map(({ id }) => `sha256:${id}`).toSorted()).toEqual([...new Set(theirs)].toSorted());
  });

  it.each(['before', 'since'])('%s=IMAGE passes the same images', async (key) => {
    const filter = `${key}=${stage.names.base}`;
    const listed = await stage.store.podmanOutput('images', '-a', '--no-trunc', '-q', '--filter', filter);
    const { images } = await stage.daemon.call<Listed>('ListImagesWithFilters', { filters: [filter] });
    const theirs = listed.split('\n').filter((id) => id !== '');
    expect(images.length).toBeGreaterThan(0);
    expect(images.map(({ id }) => `sha256:${id}`).toSorted()).toEqual([...new Set(theirs)].toSorted());
  });
});

describe('a search', () => {
  it.each([
    ['ock', 25],
    ['test/', 2],
    ['nothing', 25],
  ])('for %s, %d at most, finds the same', async (word, limit) => {
    const query = `${stage.registry.host}/${word}`;
    const flags = ['--tls-verify=false', '--format', 'json', '--limit', String(limit)];
    const { stdout } = await stage.store.podman(['search', ...flags, query]);
    const theirs = JSON.parse(stdout || '[]') as readonly { readonly Name: string }[];
    const { results } = await stage.daemon.call<{ results: readonly { readonly name: string }[] }>(
      'SearchImages',
      { query, limit, filter: { star_count: 0 } },
    );
    expect(results.map(({ name }) => name)).toEqual((theirs ?? []).map(({ Name }) => Name));
  });
});

describe('GetVersion and GetInfo', () => {
  it('tell of the same machine and store', async () => {
    const theirs = await stage.store.podmanJson<{
      host: { arch: string; os: string };
      store: { graphRoot: string; runRoot: string; imageStore: { number: number }; containerStore: object };
    }>('info', '--format', 'json');
    const { info } = await stage.daemon.call<{ info: object }>('GetInfo');
    expect(info).toMatchObject({
      host: { arch: theirs.host.arch, os: theirs.host.os },
      store: {
        graph_root: theirs.store.graphRoot,
        run_root: theirs.store.runRoot,
        images: theirs.store.imageStore.number,
      },
    });
    const { os_arch } = await stage.daemon.call<{ os_arch: string }>('GetVersion');
    expect(os_arch).toBe(`${theirs.host.os}/${theirs.host.arch}`);
  });
});
