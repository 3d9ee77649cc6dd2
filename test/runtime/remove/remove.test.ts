import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ImageNotFoundError } from '../../../src/runtime/errors.js';
import type { ImageContext } from '../../../src/runtime/images/image-context.js';
import { removeImage, type Removal } from '../../../src/runtime/remove/remove.js';
import { openSettled } from '../../store/sample.js';
import { imageContext, meanwhile, testStore, type TestStore } from '../images.js';

const never = new AbortController().signal;

describe('removing an image', () => {
  let images: TestStore;
  let directory: string;
  let context: ImageContext;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'imaged-remove-'));
    images = await testStore();
    context = imageContext(images.store, join(directory, 'events.log'));
  });

  afterEach(async () => {
    await images[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });

  function remove(name: string, force = false): Promise<Removal> {
    return removeImage(context, name, force, never);
  }

  async function names(): Promise<readonly string[]> {
    return (await images.store.view()).images.map((image) => image.names.join(','));
  }

  async function events(): Promise<readonly string[]> {
    const text = await readFile(join(directory, 'events.log'), 'utf8');
    return text
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { Status: string }).Status);
  }

  it('deletes one with a single name, by name or id', async () => {
    const one = await images.add({ names: ['localhost/one:1'] });
    const two = await images.add({ names: ['localhost/two:1'] });
    expect(await remove('one:1')).toEqual({ id: one.id, untagged: ['localhost/one:1'], deleted: one.id });
    expect(await remove(`sha256:${two.id}`)).toEqual({
      id: two.id,
      untagged: ['localhost/two:1'],
      deleted: two.id,
    });
    expect(await names()).toEqual([]);
    expect(await events()).toEqual(['remove', 'remove']);
  });

  it('takes only the name away when there are others', async () => {
    const { id } = await images.add({ names: ['localhost/a:1', 'localhost/b:1'] });
    expect(await remove('a:1')).toEqual({ id, untagged: ['localhost/a:1'], deleted: '' });
    expect(await names()).toEqual(['localhost/b:1']);
    expect(await events()).toEqual(['untag']);
  });

  it('refuses one with several names by id, unless forced', async () => {
    const { id } = await images.add({ names: ['localhost/a:1', 'localhost/b:1'] });
    await expect(remove(id.slice(0, 12))).rejects.toThrow(
      `unable to delete ${id} (must force) - image is referred to in multiple tags`,
    );
    expect((await remove(id, true)).untagged).toEqual(['localhost/a:1', 'localhost/b:1']);
    expect(await names()).toEqual([]);
  });

  const step = (text: string) => ({ created: '2024-01-01T00:00:00Z', created_by: text, empty_layer: true });

  it('untags a parent by name and refuses it by id', async () => {
    const parent = await images.add({ names: ['localhost/parent:1'], history: [step('one')] });
    await images.add({ names: ['localhost/child:1'], history: [step('one'), step('two')] });
    await expect(remove(parent.id)).rejects.toThrow(
      `unable to delete "${parent.id}" (cannot be forced) - image has dependent child images`,
    );
    expect(await remove('parent:1')).toEqual({
      id: parent.id,
      untagged: ['localhost/parent:1'],
      deleted: '',
    });
    expect(await names()).toEqual(['', 'localhost/child:1']);
  });

  it('removes parents without names together with their last child', async () => {
    await images.add({ names: [], history: [step('one')] });
    await images.add({ names: [], history: [step('one'), step('two')] });
    const kept = await images.add({ names: ['localhost/kept:1'], history: [step('other')] });
    const last = await images.add({
      names: ['localhost/last:1'],
      history: [step('one'), step('two'), step('three')],
    });
    expect((await remove('last:1')).deleted).toBe(last.id);
    expect((await images.store.view()).images.map(({ id }) => id)).toEqual([kept.id]);
  });

  it('keeps a parent that has another child', async () => {
    const parent = await images.add({ names: [], history: [step('one')] });
    await images.add({ names: ['localhost/a:1'], history: [step('one'), step('a')] });
    await images.add({ names: ['localhost/b:1'], history: [step('one'), step('b')] });
    await remove('a:1');
    expect((await images.store.view()).imageById(parent.id)).toBeDefined();
  });

  it('takes an id behind its algorithm for an id', async () => {
    const { id } = await images.add({ names: ['localhost/a:1', 'localhost/b:1'] });
    await expect(remove(`sha256:${id}`)).rejects.toThrow('(must force)');
    expect(await remove(`sha256:${id.slice(0, 8)}`, true)).toMatchObject({ deleted: id });
  });

  it('takes away the name that a short one was found by', async () => {
    const { id } = await images.add({ names: ['quay.io/team/app:1', 'localhost/app:1'] });
    expect(await remove('app:1')).toEqual({ id, untagged: ['localhost/app:1'], deleted: '' });
  });

  it('takes away no name when several may be meant, but compares whole components', async () => {
    const names = ['a.example.com/one/app:1', 'b.example.com/one/app:1', 'c.example.com/two/app:1'];
    await images.add({ names });
    await expect(remove('one/app:1')).rejects.toThrow('user input matched multiple repotags for the image');
    expect(await remove('two/app:1')).toMatchObject({ untagged: ['c.example.com/two/app:1'] });
  });

  it('takes a name with the digest of the image for the one in that repository', async () => {
    const { digest } = await images.add({ names: ['quay.io/team/app:1', 'localhost/b:1'] });
    expect(await remove(`quay.io/team/app@${digest}`)).toMatchObject({ untagged: ['quay.io/team/app:1'] });
  });

  it.each(['', 'UPPER', 'nobody:1'])('finds no image by the name %j', async (name) => {
    await expect(remove(name)).rejects.toBeInstanceOf(ImageNotFoundError);
  });

  it('removes no container where the image cannot be removed', async () => {
    const { id } = await images.add({ names: ['localhost/a:1'] });
    const { options } = images.store;
    const container = { id: 'c', image: id, layer: 'l', metadata: '{"image-name":"a"}' };
    const path = join(options.graphRoot, 'overlay-containers', 'containers.json');
    await writeFile(path, JSON.stringify([container]));
    await expect(remove('a:1', true)).rejects.toThrow('podman: executable file not found in $PATH');
    const readOnlyReason = 'it is only looked at';
    const store = await openSettled({ ...options, readOnlyReason });
    context = { ...context, store };
    await expect(remove('a:1', true)).rejects.toThrow(readOnlyReason);
    await store.close();
  });

  describe('that others change meanwhile', () => {
    it('decides again when it gets a further name', async () => {
      const { id } = await images.add({ names: ['localhost/a:1'] });
      context = {
        ...context,
        store: meanwhile(images.store, 'deleteImage', () => images.store.addName(id, 'localhost/b:1')),
      };
      expect(await remove('a:1')).toEqual({ id, untagged: ['localhost/a:1'], deleted: '' });
      expect(await names()).toEqual(['localhost/b:1']);
    });

    it('takes the name from whom it belongs to by then', async () => {
      await images.add({ names: ['localhost/a:1', 'localhost/b:1'] });
      const { id } = await images.add({ names: ['localhost/c:1'] });
      context = {
        ...context,
        store: meanwhile(images.store, 'removeName', () => images.store.addName(id, 'localhost/a:1')),
      };
      expect(await remove('a:1')).toEqual({ id, untagged: ['localhost/a:1'], deleted: '' });
      expect(await names()).toEqual(['localhost/b:1', 'localhost/c:1']);
    });

    it('says that it is not there when it is gone', async () => {
      const { id } = await images.add({ names: ['localhost/a:1'] });
      context = {
        ...context,
        store: meanwhile(images.store, 'deleteImage', () => images.store.deleteImage(id)),
      };
      await expect(remove('a:1')).rejects.toBeInstanceOf(ImageNotFoundError);
    });

    it('is gone with the last of its names, whoever removes them', async () => {
      const { id } = await images.add({ names: ['localhost/a:1', 'localhost/b:1'] });
      const removals = await Promise.all([remove('a:1'), remove('b:1')]);
      expect(removals.map(({ deleted }) => deleted).toSorted()).toEqual(['', id]);
      expect(removals.flatMap(({ untagged }) => untagged).toSorted()).toEqual([
        'localhost/a:1',
        'localhost/b:1',
      ]);
      expect(await names()).toEqual([]);
    });

    it('keeps a parent that is given a name', async () => {
      const parent = await images.add({ names: [], history: [step('one')] });
      await images.add({ names: ['localhost/child:1'], history: [step('one'), step('two')] });
      const tag = (): Promise<unknown> => images.store.addName(parent.id, 'localhost/parent:1');
      context = { ...context, store: meanwhile(images.store, 'deleteImage', tag, 2) };
      await remove('child:1');
      expect(await names()).toEqual(['localhost/parent:1']);
    });
  });
});
