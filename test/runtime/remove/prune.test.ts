import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PruneFilterError } from '../../../src/runtime/errors.js';
import type { ImageContext } from '../../../src/runtime/images/image-context.js';
import { deleteUnusedImages, pruneImages } from '../../../src/runtime/remove/prune.js';
import { imageContext, meanwhile, testStore, type TestStore } from '../images.js';

const never = new AbortController().signal;
const step = (text: string) => ({ created: '2024-01-01T00:00:00Z', created_by: text, empty_layer: true });

let images: TestStore;
let directory: string;
let context: ImageContext;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imaged-prune-'));
  images = await testStore();
  context = imageContext(images.store, join(directory, 'events.log'));
});

afterEach(async () => {
  await images[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

async function left(): Promise<readonly string[]> {
  return (await images.store.view()).images.map(({ id }) => id);
}

function prune(all: boolean, ...filters: string[]): Promise<readonly string[]> {
  return pruneImages(context, { all, filters }, never);
}

async function events(): Promise<readonly string[]> {
  const text = await readFile(join(directory, 'events.log'), 'utf8');
  const lines = text.trim().split('\n');
  return lines.map((line) => {
    const { Status, ID } = JSON.parse(line) as { Status: string; ID: string };
    return `${Status} ${ID}`;
  });
}

describe('pruning images', () => {
  it('takes those without names, children before their parents, and tells each once', async () => {
    const parent = await images.add({ names: [], history: [step('one')] });
    const tagged = await images.add({ names: ['localhost/a:1'] });
    const child = await images.add({ names: [], history: [step('one'), step('two')] });
    expect(await prune(false)).toEqual([child.id, parent.id]);
    expect(await left()).toEqual([tagged.id]);
    expect(await events()).toEqual([
      `remove ${child.id}`,
      `prune ${child.id}`,
      `remove ${parent.id}`,
      `prune ${parent.id}`,
    ]);
  });

  it('keeps a parent of what stays', async () => {
    const parent = await images.add({ names: [], history: [step('one')] });
    const child = await images.add({ names: ['localhost/a:1'], history: [step('one'), step('two')] });
    expect(await prune(false)).toEqual([]);
    expect(await left()).toEqual([parent.id, child.id]);
  });

  it('replies with the first tag, and with the id where there is none', async () => {
    const digest = `sha256:${'1'.repeat(64)}`;
    await images.add({ names: [`localhost/a@${digest}`, 'localhost/a:1', 'localhost/a:2'] });
    const { id } = await images.add({ names: [`localhost/b@${digest}`] });
    expect(await prune(true)).toEqual(['localhost/a:1', id]);
    expect(await left()).toEqual([]);
  });

  it.each([
    [['label=kind'], ['empty', 'one', 'two']],
    [['label=kind='], ['empty']],
    [['label=kind=one'], ['one']],
    [['label!=kind=one'], ['empty', 'none', 'two']],
    [
      ['label=kind', 'label!=kind=one'],
      ['empty', 'two'],
    ],
    [['label=kind=one', 'label=kind=two'], []],
    [['until=2023-12-31T23:59:59.5Z'], []],
    [['until=2024-01-01T00:00:00Z'], ['one']],
    [['until=2024-01-01T00:00:01Z'], ['empty', 'none', 'one', 'two']],
    [
      ['label=kind', 'until=1s'],
      ['empty', 'one', 'two'],
    ],
  ])('takes only what matches all of %j', async (filters, expected) => {
    await images.add({
      names: ['localhost/one:1'],
      labels: { kind: 'one' },
      created: '2023-12-31T23:59:59.9Z',
    });
    await images.add({ names: ['localhost/two:1'], labels: { kind: 'two' } });
    await images.add({ names: ['localhost/empty:1'], labels: { kind: '' } });
    await images.add({ names: ['localhost/none:1'] });
    const pruned = await prune(true, ...filters);
    expect(pruned.toSorted()).toEqual(expected.map((name) => `localhost/${name}:1`));
  });

  it('leaves a parent that does not match when its child goes', async () => {
    const parent = await images.add({ names: [], history: [step('one')], labels: {} });
    const history = [step('one'), step('two')];
    const child = await images.add({ names: [], history, labels: { kind: 'one' } });
    expect(await prune(false, 'label=kind')).toEqual([child.id]);
    expect(await left()).toEqual([parent.id]);
  });

  it.each([
    ['kind', 'filter input must be in the form of filter=value: kind is invalid'],
    ['', 'filter input must be in the form of filter=value:  is invalid'],
    ['dangling=true', 'invalid filter dangling=true: images are pruned by label and until only'],
    ['until!=1h', 'invalid filter until!=1h: images are pruned by label and until only'],
    ['until=soon', 'invalid filter: failed to parse value as time or duration: "soon"'],
  ])('removes nothing when a filter is none: %j', async (filter, message) => {
    const { id } = await images.add({ names: [] });
    const error = await prune(false, 'label!=x', filter).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(PruneFilterError);
    expect((error as Error).message).toBe(message);
    expect(await left()).toEqual([id]);
  });

  it('keeps what is given a name meanwhile', async () => {
    const { id } = await images.add({ names: [] });
    const tag = (): Promise<unknown> => images.store.addName(id, 'localhost/a:1');
    context = { ...context, store: meanwhile(images.store, 'deleteImage', tag) };
    expect(await prune(false)).toEqual([]);
    expect(await left()).toEqual([id]);
  });

  it('gives each image to one of those who prune at once', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 12; count += 1) {
      ids.push((await images.add({ names: [], labels: { count: String(count) } })).id);
    }
    const [first, second, unused] = await Promise.all([
      prune(false),
      prune(true),
      deleteUnusedImages(context, never),
    ]);
    expect([...first, ...second, ...unused].toSorted()).toEqual(ids.toSorted());
    expect(await left()).toEqual([]);
  });

  it('ends between two images when its caller leaves', async () => {
    for (let count = 0; count < 3; count += 1) {
      await images.add({ names: [], labels: { count: String(count) } });
    }
    const caller = new AbortController();
    const write = context.events.write.bind(context.events);
    context.events.write = async (event) => {
      caller.abort(new Error('gone'));
      await write(event);
    };
    await expect(pruneImages(context, { all: false, filters: [] }, caller.signal)).rejects.toThrow('gone');
    expect(await left()).toHaveLength(2);
    expect((await events()).map((event) => event.split(' ')[0])).toEqual(['remove', 'prune']);
  });
});

describe('deleting all unused images', () => {
  it('takes them in the order of the store, with names or without, parents as well', async () => {
    const parent = await images.add({ names: [], history: [step('one')] });
    const child = await images.add({ names: ['localhost/a:1'], history: [step('one'), step('two')] });
    const last = await images.add({ names: ['localhost/b:1', 'localhost/c:1'] });
    expect(await deleteUnusedImages(context, never)).toEqual([parent.id, child.id, last.id]);
    expect(await left()).toEqual([]);
    expect(await events()).toEqual([parent, child, last].map(({ id }) => `remove ${id}`));
  });
});
