// InspectImage and HistoryImage beside podman's, on one store, for images of every kind and origin.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { escapedForGo } from '../../src/oci/go-json.js';
import { secondTime } from '../../src/runtime/time.js';
import { buildImage, buildIndex, buildTar, putIndex, type SampleImage } from '../peers/sample-image.js';
import { buildRichImage } from './support/rich-image.js';
import { rawImage } from './support/raw-image.js';
import { Scene } from './support/scene.js';

jest.setTimeout(120_000);

const layers = [[{ name: 'one', content: '1' }], [{ name: 'two', content: '2' }]];
const healthcheck = {
  Test: ['CMD', 'check', '<&>'],
  Interval: 3e10,
  Timeout: 1.5e9,
  StartPeriod: 1,
  Retries: 3,
};
const everything = {
  created: '2023-11-14T22:13:20.120000000+05:30',
  author: 'Jørgen <j@example.com>',
  docker_version: '20.10',
  comment: 'of the config',
  variant: 'v8',
  config: {
    Hostname: 'host',
    User: '1000:1001',
    ExposedPorts: { '9/udp': {}, '80/tcp': {}, '8080/tcp': {} },
    Env: ['A=<b>&', 'EMPTY=', 'A=again'],
    Cmd: ['a', ''],
    Entrypoint: ['/e'],
    Volumes: { '/z': {}, '/a': {} },
    WorkingDir: '/w',
    Labels: { 10: 'ten', 9: 'nine', z: '\u2028', '': 'no name', ü: 'ü', 𝒳: '', '\uffff': '' },
    StopSignal: 'SIGINT',
    Shell: ['/bin/sh'],
    OnBuild: ['RUN x'],
    ArgsEscaped: true,
    Memory: 5,
    Healthcheck: healthcheck,
  },
};
const oddHistory = [
  { created: '2020-01-01T00:00:00.000000001Z', created_by: 'a', comment: 'first', author: 'x' },
  { created: '2020-01-01T02:00:00.10+02:00', created_by: 'b\n<tab>\t', empty_layer: true },
  { created_by: 'no time', empty_layer: false, comment: '' },
  { created: '0001-01-01T00:00:00Z' },
];

const samples: readonly (readonly [kind: string, sample: () => Promise<SampleImage>])[] = [
  ['rich', () => buildRichImage('oci')],
  ['rich, of Docker', () => buildRichImage('docker')],
  ['nothing set', () => rawImage({ layers: layers.slice(0, 1), document: {} })],
  ['nothing set, of Docker', () => rawImage({ layers, document: {}, format: 'docker' })],
  [
    'everything set',
    () => rawImage({ layers, document: everything, annotations: { b: '1', 10: '<', 9: '' } }),
  ],
  [
    'everything set, of Docker',
    () => rawImage({ layers, document: { ...everything, author: 'Docker' }, format: 'docker' }),
  ],
  [
    'a health check in either place',
    () =>
      rawImage({
        layers,
        document: {
          container_config: { Cmd: ['x'], Healthcheck: { ...healthcheck, Retries: 4 } },
          config: { Healthcheck: {} },
        },
        format: 'docker',
      }),
  ],
  [
    'an empty health check',
    () => rawImage({ layers, document: { config: { Healthcheck: {} } }, format: 'docker' }),
  ],
  [
    'null for all lists',
    () =>
      rawImage({ layers, document: { config: { Env: null, Labels: null, Volumes: null }, history: null } }),
  ],
  [
    'empty lists',
    () =>
      rawImage({ layers, document: { config: { Env: [], Labels: {}, Volumes: {}, Cmd: [] }, history: [] } }),
  ],
  [
    'odd times',
    () => rawImage({ layers: [...layers, [{ name: 'three' }]], document: { history: oddHistory } }),
  ],
  [
    'odd times, of Docker',
    () => rawImage({ layers: layers.slice(0, 1), document: { history: oddHistory }, format: 'docker' }),
  ],
  [
    'a history shorter than its layers',
    () => rawImage({ layers, document: { history: oddHistory.slice(0, 1) } }),
  ],
];

let scene: Scene;
/** All images of the store by what they are. */
const names = new Map<string, string>();

beforeAll(async () => {
  scene = await Scene.open();
  const { store, daemon } = scene;
  for (const [index, [kind, sample]] of samples.entries()) {
    const name = scene.serve(`kind-${index}`, await sample());
    names.set(kind, name);
    await daemon.pull(name);
  }
  const native = await buildImage({ layers: [[{ name: 'ours' }]] });
  const foreign = await buildImage({ architecture: 's390x', layers: [[{ name: 'theirs' }]] });
  const parts = [foreign, native];
  putIndex(scene.registry, 'test/index', '1', buildIndex(parts), parts);
  await daemon.pull(scene.name('index'));
  names.set('of an index', scene.name('index'));
  const tar = join(store.directory, 'tree.tar');
  await writeFile(tar, await buildTar([{ name: 'etc/motd', content: 'hello\n' }]));
  await store.podmanOutput(
    'import',
    '--quiet',
    '--change',
    'CMD=/x',
    '--message',
    'why',
    tar,
    'localhost/podman:1',
  );
  const changes = ['ENV A=b', 'LABEL c=d'];
  const imported = { source: tar, reference: 'ours:1', message: 'why', changes, delete: false };
  await daemon.call('ImportImage', imported);
  for (const format of ['oci', 'docker']) {
    const container = await store.buildahOutput('from', '--pull-never', 'localhost/podman:1');
    await store.buildahOutput('config', '--label', `of=${format}`, '--annotation', 'x=<y>', container);
    await store.buildahOutput('commit', '--quiet', '--format', format, container, `localhost/${format}:1`);
    await store.buildahOutput('rm', container);
  }
  await store.podmanOutput('tag', 'localhost/oci:1', 'localhost/second:1', 'example.com/third:2');
  await store.podmanOutput('untag', 'localhost/oci:1', 'localhost/second:1');
  for (const name of ['podman', 'ours', 'oci', 'docker']) names.set(`made by ${name}`, `localhost/${name}:1`);
});

afterAll(async () => {
  await scene?.close();
});

async function inspect(name: string): Promise<string> {
  return (await scene.daemon.call<{ image: string }>('InspectImage', { name })).image;
}

/** What podman prints of images, each as compact text with the escapes that replies of the interface have. */
async function podmanInspect(name: string): Promise<string> {
  const text = await scene.store.podmanOutput('image', 'inspect', name);
  return escapedForGo(text.replaceAll(/("(?:[^"\\]|\\.)*")|\s+/g, '$1')).slice(1, -1);
}

interface Step {
  readonly id: string;
  readonly created: string;
  readonly createdBy: string;
  readonly size: number;
  readonly comment: string;
}

async function history(name: string): Promise<readonly Step[]> {
  const { history: steps } = await scene.daemon.call<{ history: Step[] }>('HistoryImage', { name });
  return steps.map(({ id, created, createdBy, size, comment }) => ({
    id,
    created,
    createdBy,
    size,
    comment,
  }));
}

/** What podman prints, but for the newest step: podman may give it to another image with the same layers. */
async function podmanHistory(name: string): Promise<readonly Step[]> {
  const own = await scene.store.podmanOutput('image', 'inspect', '--format', '{{.Id}}', name);
  const steps = await scene.store.podmanJson<
    (Omit<Step, 'comment'> & { CreatedBy?: string; comment?: string })[]
  >('history', '--format', 'json', name);
  return steps.map(({ id, created, CreatedBy = '', size, comment = '' }, index) => ({
    id: index === 0 ? own : id,
    created: secondTime(created),
    createdBy: CreatedBy,
    size,
    comment,
  }));
}

describe('InspectImage', () => {
  it('gives, byte for byte, the document that podman gives of each image', async () => {
    for (const [kind, name] of names)
      expect([kind, await inspect(name)]).toEqual([kind, await podmanInspect(name)]);
  });

  it('tells where an image is mounted', async () => {
    const name = names.get('rich') ?? '';
    const merged = await scene.store.podmanOutput('image', 'mount', name);
    try {
      const text = await inspect(name);
      expect(text).toContain(`"MergedDir":${JSON.stringify(merged)}`);
      expect(text).toBe(await podmanInspect(name));
    } finally {
      await scene.store.podmanOutput('image', 'unmount', name);
    }
    expect(await inspect(name)).not.toContain('MergedDir');
  });

  it('makes up no directory for an image without layers, and no list for a command in one text', async () => {
    await scene.daemon.pull(scene.serve('bare', await buildImage({ layers: [] })));
    const bare = JSON.parse(await inspect(scene.name('bare'))) as Record<string, object>;
    const theirs = JSON.parse(await podmanInspect(scene.name('bare'))) as Record<string, object>;
    const GraphDriver = { Name: 'overlay', Data: {} };
    expect(bare).toEqual({ ...theirs, GraphDriver });
    const old = await rawImage({ layers, document: { config: { Cmd: 'one text' } }, format: 'docker' });
    await scene.daemon.pull(scene.serve('old', old));
    try {
      expect((await scene.store.podman(['image', 'inspect', scene.name('old')])).stderr).toContain(
        'unmarshal string',
      );
      expect(JSON.parse(await inspect(scene.name('old')))).toMatchObject({ Config: { Cmd: ['one text'] } });
    } finally {
      // Podman cannot tell the parents of any image beside it.
      await scene.daemon.call('RemoveImage', { name: scene.name('old'), force: false });
    }
  });
});

describe('HistoryImage', () => {
  it('gives the steps that podman gives of each image', async () => {
    for (const [kind, name] of names)
      expect([kind, await history(name)]).toEqual([kind, await podmanHistory(name)]);
  });
});
