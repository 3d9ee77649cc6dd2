// The same images removed by imaged and by podman, each in a store of its own: where the two end differently, it is meant.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { openStore, type Store } from '../../src/store/index.js';
import { addImage, sampleLayer } from '../store/sample.js';
import { Imaged } from './support/imaged.js';
import { PeerStore } from './support/peer-store.js';
import { containerRecords, imageRecords, untidiness, unusedLayers } from './support/store-content.js';
import { VarlinkReplyError } from './support/varlink.js';

jest.setTimeout(180_000);

interface Situation {
  /** Also the name of its images: `localhost/TITLE:1`. */
  readonly title: string;
  readonly names: 0 | 1 | 2;
  readonly child: boolean;
  readonly container: boolean;
  readonly by: 'name' | 'id' | 'short';
  readonly force: boolean;
}

/** Each way an image can be, removed in each way, but for some that are alike. */
function* allSituations(): Generator<Situation> {
  for (const names of [0, 1, 2] as const)
    for (const child of [false, true])
      for (const container of [false, true])
        for (const by of ['name', 'id', 'short'] as const)
          for (const force of [false, true]) {
            if (by === 'name' && names === 0) continue;
            if (by === 'short' && (container || force)) continue;
            if (by === 'name' && names === 2 && container) continue;
            const title = [`${names}names`, child && 'child', container && 'container', by, force && 'force'];
            yield { title: title.filter(Boolean).join('-'), names, child, container, by, force };
          }
}

const situations = [...allSituations()];

/** Where Podman today deletes the record of a parent, the original left it to the last child: by name it loses the name. */
const meant: ReadonlyMap<string, string> = new Map([
  ['0names-child-id', 'refused, left with no names'],
  ['0names-child-id-force', 'refused, left with no names'],
  ['0names-child-short', 'refused, left with no names'],
  ['0names-child-container-id-force', 'refused, left with no names, in use'],
  ['1names-child-name', 'left with no names'],
  ['1names-child-name-force', 'left with no names'],
  ['1names-child-id', 'refused, left with :1'],
  ['1names-child-id-force', 'refused, left with :1'],
  ['1names-child-short', 'refused, left with :1'],
  ['1names-child-container-name-force', 'left with no names'],
  ['1names-child-container-id-force', 'refused, left with :1, in use'],
  ['2names-child-id-force', 'refused, left with :1 :2'],
  ['2names-child-container-id-force', 'refused, left with :1 :2, in use'],
]);

/** imaged removes here … */
let own: PeerStore;
/** … and podman here. */
let twin: PeerStore;
let daemon: Imaged;

beforeAll(async () => {
  own = await PeerStore.create();
  twin = await PeerStore.create();
});

afterAll(async () => {
  await daemon?.close();
  await own?.close();
  await twin?.close();
});

/** Fills both stores alike, and starts imaged on its own. */
async function fill(images: (store: Store) => Promise<void>, containers: ReadonlyMap<string, string>) {
  const filling = [own, twin].map(async (peer) => {
    const { root: graphRoot, runroot: runRoot } = peer;
    const store = await openStore({
      graphRoot,
      runRoot,
      driver: 'overlay',
      additionalImageStores: [],
      driverOptions: [],
    });
    await images(store);
    await store.close();
    for (const [name, image] of containers) {
      await peer.podmanOutput('create', '--name', name, image, '/bin/true');
    }
  });
  await Promise.all(filling);
  daemon ??= await Imaged.start(own);
}

/** Whether the call was refused; anything but an answer fails. */
async function refused(method: string, parameters: Readonly<Record<string, unknown>>): Promise<boolean> {
  try {
    await daemon.call(method, parameters);
    return false;
  } catch (error) {
    if (error instanceof VarlinkReplyError) return true;
    throw error;
  }
}

describe('RemoveImage and podman rmi', () => {
  const ids = new Map<string, string>();

  beforeAll(async () => {
    const images = async (store: Store): Promise<void> => {
      for (const { title, names, child } of situations) {
        const base = await sampleLayer({ base: title });
        const all = [`localhost/${title}:1`, `localhost/${title}:2`].slice(0, names);
        ids.set(title, (await addImage(store, [base], all, title)).id);
        const top = await sampleLayer({ top: title });
        if (child) await addImage(store, [base, top], [`localhost/child-of-${title}:1`], title);
      }
    };
    const containers = new Map<string, string>();
    await fill(images, containers);
    for (const { title, container } of situations) if (container) containers.set(title, ids.get(title) ?? '');
    await fill(() => Promise.resolve(), containers);
  });

  function wanted({ title, by }: Situation): string {
    const id = ids.get(title) ?? '';
    return { name: `${title}:1`, id, short: id.slice(0, 12) }[by];
  }

  /** What is left of the image. */
  async function outcome(peer: PeerStore, { title }: Situation, failed: boolean): Promise<string> {
    const image = (await imageRecords(peer.root)).find(({ id }) => id === ids.get(title));
    const used = (await containerRecords(peer.root)).some(({ names }) => names?.includes(title));
    const names = (image?.names ?? []).map((name) => name.slice(-2)).join(' ');
    const left = image === undefined ? 'gone' : `left with ${names || 'no names'}`;
    return `${failed ? 'refused, ' : ''}${left}${used ? ', in use' : ''}`;
  }

  async function ours(situation: Situation): Promise<string> {
    const { force } = situation;
    return await outcome(own, situation, await refused('RemoveImage', { name: wanted(situation), force }));
  }

  async function theirs(situation: Situation): Promise<string> {
    const force = situation.force ? ['--force'] : [];
    const { code } = await twin.podman(['rmi', ...force, wanted(situation)]);
    return await outcome(twin, situation, code !== 0);
  }

  it.each(situations)('end alike or as is meant: $title', async (situation) => {
    const [mine, podmans] = await Promise.all([ours(situation), theirs(situation)]);
    const other = meant.get(situation.title);
    expect(mine).toBe(other ?? podmans);
    // Or the difference is none any more.
    expect(mine === podmans).toBe(other === undefined);
  });
});

describe('TagImage, UntagImage and podman', () => {
  const digest = `sha256:${'5'.repeat(64)}`;
  let first: string;
  let second: string;

  beforeAll(async () => {
    const images = async (store: Store): Promise<void> => {
      first = (await addImage(store, [], ['localhost/first:1'], 'first')).id;
      second = (await addImage(store, [], ['localhost/second:1', `quay.io/x/second@${digest}`], 'second')).id;
    };
    await fill(images, new Map());
  });

  async function names(peer: PeerStore): Promise<readonly string[]> {
    const records = await imageRecords(peer.root);
    return [first, second].map((id) => {
      const record = records.find((record) => record.id === id);
      return (record?.names ?? []).join(' ');
    });
  }

  // Each goes on from where the one before ended.
  it.each([
    ['tag', 'first:1', 'short'],
    ['tag', 'localhost/first:1', 'short:2'],
    ['tag', 'first:1', 'docker.io/one'],
    ['tag', 'first:1', 'docker.io/team/one:1'],
    ['tag', 'first:1', 'team/one:1'],
    ['tag', 'first:1', 'quay.io/team/one'],
    ['tag', 'first:1', 'host:5000/one:1'],
    ['tag', 'first:1', 'second:1'],
    ['tag', 'first:1', 'short'],
    ['tag', 'first:1', 'UPPER'],
    ['tag', 'first:1', ''],
    ['tag', 'nobody', 'somebody'],
    ['untag', 'first:1', 'short'],
    ['untag', 'first:1', 'localhost/short:2'],
    ['untag', 'first:1', 'one'],
    ['untag', 'first:1', 'docker.io/library/one:latest'],
    ['untag', 'first:1', 'nobody:1'],
    ['untag', 'first:1', 'UPPER'],
    ['untag', 'nobody', 'nobody'],
    ['untag', 'quay.io/team/one', 'second:1'],
    ['untag', 'short', 'short'],
    ['untag', 'first:1', 'first:1'],
  ])('%s %s %j', async (verb, name, other) => {
    const parameters = verb === 'tag' ? { name, tagged: other } : { name, tag: other };
    const mine = await refused(verb === 'tag' ? 'TagImage' : 'UntagImage', parameters);
    const { code, stderr } = await twin.podman([verb, name, other]);
    expect([mine, stderr]).toEqual([code !== 0, stderr]);
    expect(await names(own)).toEqual(await names(twin));
  });
});

describe('ImagesPrune and podman image prune', () => {
  const ids = new Map<string, string>();

  beforeAll(async () => {
    await own.podmanOutput('rmi', '--all', '--force');
    await twin.podmanOutput('rmi', '--all', '--force');
    const images = async (store: Store): Promise<void> => {
      const add = async (
        title: string,
        names: readonly string[],
        labels?: Readonly<Record<string, string>>,
        child?: string,
      ): Promise<void> => {
        const layers = [await sampleLayer({ base: title })];
        if (child !== undefined) layers.push(await sampleLayer({ top: title }));
        const { id } = await addImage(store, layers, names, title, labels);
        ids.set(child ?? title, id);
      };
      await add('tagged', ['localhost/tagged:1', 'localhost/tagged:2'], { kind: 'tagged' });
      await add('used', ['localhost/used:1']);
      await add('nameless', []);
      await add('nameless used', []);
      await add('red', [], { colour: 'red' });
      await add('green', [], { colour: 'green' });
      await add('empty', [], { colour: '' });
      await add('parent', []);
      await add('parent', [], { colour: 'blue' }, 'child');
      await add('kept parent', []);
      await add('kept parent', ['localhost/kept:1'], {}, 'named child');
    };
    await fill(images, new Map());
    await fill(
      () => Promise.resolve(),
      new Map([
        ['one', ids.get('used') ?? ''],
        ['two', ids.get('nameless used') ?? ''],
      ]),
    );
  });

  async function left(peer: PeerStore): Promise<readonly string[]> {
    const records = await imageRecords(peer.root);
    return [...ids].filter(([, id]) => records.some((record) => record.id === id)).map(([title]) => title);
  }

  // Each goes on from where the one before ended. Podman takes parents along, whether they match or not.
  it.each([
    [false, ['until=2019-01-01'], []],
    [false, ['until=2020-09-13T12:26:40Z'], []],
    [false, ['label=colour=red'], []],
    [true, ['label=kind', 'until=2020-09-13T12:26:41Z'], []],
    [false, ['label=colour=green', 'until=1600000001'], []],
    [false, ['label!=colour'], []],
    [false, ['label=colour=blue'], ['parent']],
    [false, [], []],
    [true, ['until=24h'], []],
  ])('end alike or as is meant: all %j, filters %j', async (all, filter, kept) => {
    await daemon.call('ImagesPrune', { all, filter });
    const filters = filter.flatMap((text) => ['--filter', text]);
    await twin.podmanOutput('image', 'prune', '--force', ...(all ? ['--all'] : []), ...filters);
    const podmans = await left(twin);
    expect(podmans).toEqual((await left(own)).filter((title) => !kept.includes(title)));
  });

  it('leave a tidy store when the containers are gone, too', async () => {
    await own.podmanOutput('rm', '--all', '--force');
    const { pruned } = await daemon.call<{ pruned: string[] }>('ImagesPrune', { all: true, filter: [] });
    expect(new Set(pruned)).toEqual(new Set([ids.get('nameless used'), 'localhost/used:1']));
    expect(await imageRecords(own.root)).toEqual([]);
    expect(await untidiness(own.root)).toEqual([]);
    expect(await unusedLayers(own.root)).toEqual([]);
  });
});
