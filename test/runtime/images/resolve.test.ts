import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseNormalized } from '../../../src/oci/reference.js';
import { findImage } from '../../../src/runtime/images/resolve.js';
import { testStore, type TestStore } from '../images.js';

const shortNames = {
  candidates: (name: string) =>
    name === 'fedora' ? [parseNormalized('registry.example.org/team/fedora')] : [],
};

describe('the image that a name means', () => {
  let images: TestStore;
  const ids = new Map<string, string>();
  let busyboxDigest = '';

  beforeAll(async () => {
    images = await testStore();
    const busybox = await images.add({ names: ['docker.io/library/busybox:latest'] });
    busyboxDigest = busybox.digest;
    ids.set('busybox', busybox.id);
    ids.set('app', (await images.add({ names: ['localhost/app:1', 'quay.io/team/app:2'] })).id);
    ids.set('twice', (await images.add({ names: ['a.example.com/x/same:1', 'b.example.com/y/same:1'] })).id);
    ids.set('first', (await images.add({ names: ['a.example.com/first/multi:1'] })).id);
    ids.set('second', (await images.add({ names: ['a.example.com/second/multi:1'] })).id);
    ids.set('fedora', (await images.add({ names: ['registry.example.org/team/fedora:latest'] })).id);
    ids.set('digested', (await images.add({ names: [`quay.io/team/by@${busyboxDigest}`] })).id);
  });

  afterAll(async () => {
    await images[Symbol.asyncDispose]();
  });

  async function find(name: string): Promise<string> {
    const { id } = findImage(await images.store.view(), name, shortNames);
    return [...ids].find(([, known]) => known === id)?.[0] ?? id;
  }

  it.each([
    ['docker.io/library/busybox:latest', 'busybox'],
    ['docker.io/busybox', 'busybox'],
    ['busybox', 'busybox'],
    ['docker://busybox', 'busybox'],
    ['docker-daemon:busybox:latest', 'busybox'],
    ['containers-storage:docker.io/library/busybox:latest', 'busybox'],
    ['localhost/app:1', 'app'],
    ['app:1', 'app'],
    ['team/app:2', 'app'],
    ['app:2', 'app'],
    ['same:1', 'twice'],
    ['fedora', 'fedora'],
    ['team/fedora', 'fedora'],
  ])('%s means %s', async (name, expected) => {
    expect(await find(name)).toBe(expected);
  });

  it('is found by id, by a prefix of it, and with sha256: in front', async () => {
    const id = ids.get('busybox') ?? '';
    for (const name of [id, id.slice(0, 12), id.slice(0, 20), `sha256:${id}`, `sha256:${id.slice(0, 12)}`]) {
      expect(await find(name)).toBe('busybox');
    }
    expect(await find(`docker.io/library/busybox@${id.slice(0, 12)}`)).toBe('busybox');
  });

  it('is found by a manifest digest in a repository that the image is named in', async () => {
    expect(await find(`docker.io/library/busybox@${busyboxDigest}`)).toBe('busybox');
    expect(await find(`busybox:other@${busyboxDigest}`)).toBe('busybox');
    expect(await find(`quay.io/team/by@${busyboxDigest}`)).toBe('digested');
    await expect(find(`quay.io/team/other@${busyboxDigest}`)).rejects.toThrow('unable to find');
  });

  it.each([
    ['', 'input name is blank'],
    ['sybox', 'unable to find a name and tag match for sybox in repotags: no such image'],
    ['busybox:2', 'unable to find a name and tag match for busybox in repotags: no such image'],
    ['multi:1', 'found multiple name and tag matches for multi in repotags: no such image'],
    ['example.com/busybox', "unable to find 'example.com/busybox' in local storage: no such image"],
    ['UPPER', 'repository name must be lowercase'],
    ['a b', 'invalid reference format'],
  ])('%j is not found: %s', async (name, message) => {
    await expect(find(name)).rejects.toThrow(message);
  });

  it('leaves no image behind a name that only an object has', async () => {
    for (const name of ['constructor', 'tostring']) {
      await expect(find(name)).rejects.toThrow(`name and tag match for ${name}`);
    }
  });
});
