// imagectl images, laid out as podman 4.3 lays out the same images.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { imagectl } from '../support/imagectl.js';
import type { RunningService } from '../support/service.js';
import { image, imagesService, startService } from '../support/service.js';

const digest = `sha256:${'d'.repeat(64)}`;
const images = [
  image('b', {
    repoTags: ['docker.io/library/one:1', 'localhost/eins:v2'],
    created: '2024-01-10T23:59:28Z',
    size: 6138,
    repoDigests: [`docker.io/library/one@${digest}`],
    labels: { b: '<&>', a: '1' },
    history: ['docker.io/library/one:0'],
  }),
  image('a', {
    repoTags: ['docker.io/library/two:2'],
    created: '2024-01-10T22:54:00Z',
    size: 25_652,
    readOnly: true,
  }),
  image('c', { created: '2024-01-01T00:00:00Z', size: 3_005_456 }),
  image('d', { created: '2023-11-30T00:00:00Z', size: 9212, isParent: true }),
  image('e', { repoTags: [`docker.io/library/dig@${digest}`], created: '2022-12-01T00:00:00Z', size: 1 }),
];

let service: RunningService;
beforeAll(async () => {
  service = await startService(imagesService(images));
});
afterAll(() => service.close());

const lines = async (...args: string[]): Promise<string[]> => {
  const { stdout, stderr, code } = await imagectl(service, args);
  expect([stderr, code]).toEqual(['', 0]);
  return stdout.split('\n').slice(0, -1);
};

describe('images', () => {
  it('lists every name, the newest image first, without intermediate images', async () => {
    expect(await lines('images')).toEqual([
      'REPOSITORY             TAG         IMAGE ID      CREATED            SIZE',
      'docker.io/library/one  1           bbbbbbbbbbbb  32 seconds ago     6.14 kB',
      'localhost/eins         v2          bbbbbbbbbbbb  32 seconds ago     6.14 kB',
      'docker.io/library/two  2           aaaaaaaaaaaa  About an hour ago  25.7 kB',
      '<none>                 <none>      cccccccccccc  10 days ago        3.01 MB',
      'docker.io/library/dig  <none>      eeeeeeeeeeee  13 months ago      1 B',
    ]);
  });

  it('has intermediate images with -a', async () => {
    expect((await lines('images', '-a')).at(-2)).toBe(
      '<none>                 <none>      dddddddddddd  6 weeks ago        9.21 kB',
    );
  });

  it('has digests and full ids when asked', async () => {
    expect(await lines('images', '--digests', '--no-trunc', 'two')).toEqual([
      `REPOSITORY             TAG         DIGEST${' '.repeat(67)}IMAGE ID${' '.repeat(65)}CREATED            SIZE`,
      `docker.io/library/two  2           ${digest}  sha256:${'a'.repeat(64)}  About an hour ago  25.7 kB`,
    ]);
  });

  it('has the names that images had with --history', async () => {
    expect((await lines('images', '--history', 'one'))[1]).toBe(
      'docker.io/library/one  1           bbbbbbbbbbbb  32 seconds ago  6.14 kB     docker.io/library/one:0',
    );
  });

  it.each([['-n'], ['--noheading'], ['--noheading=true']])(
    'leaves the headings out with %s',
    async (flag) => {
      expect(await lines('images', flag, 'two')).toEqual([
        'docker.io/library/two  2           aaaaaaaaaaaa  About an hour ago  25.7 kB',
      ]);
    },
  );

  it('prints each id once with -q', async () => {
    expect(await lines('images', '-q')).toEqual(['b', 'a', 'c', 'e'].map((id) => id.repeat(12)));
    expect((await lines('images', '-q', '--no-trunc'))[0]).toBe(`sha256:${'b'.repeat(64)}`);
  });

  it.each([
    ['created', 'bbace'],
    ['id', 'abbce'],
    ['repository', 'cebab'],
    ['size', 'ebbac'],
    ['tag', 'baceb'],
  ])('sorts by %s', async (field, order) => {
    const rows = await lines('images', '-n', '--sort', field);
    expect(rows.map((row) => /([a-e])\1{11}/.exec(row)?.[1]).join('')).toBe(order);
  });

  it('prints the headings alone when nothing is found', async () => {
    expect(await lines('images', 'nix')).toEqual(['REPOSITORY  TAG         IMAGE ID    CREATED     SIZE']);
  });

  it('asks the service to filter', async () => {
    expect(await lines('images', '-n', '--filter', 'dangling=true', '-f', 'label=a')).toHaveLength(1);
    expect(service.calls.at(-1)).toEqual([
      'listImagesWithFilters',
      { filters: ['dangling=true', 'label=a'] },
    ]);
  });

  it('prints JSON with one entry for each name', async () => {
    const { stdout } = await imagectl(service, ['images', '--format', 'json']);
    const entries = JSON.parse(stdout) as { Id: string }[];
    expect(entries.map(({ Id }) => Id.charAt(0)).join('')).toBe('bbace');
    expect(entries[0]).toEqual(entries[1]);
    expect(stdout.slice(0, stdout.indexOf('\n    },') + 1)).toBe(`[
    {
        "Id": "${'b'.repeat(64)}",
        "ParentId": "",
        "RepoTags": null,
        "RepoDigests": [
            "docker.io/library/one@${digest}"
        ],
        "Size": 6138,
        "SharedSize": 0,
        "VirtualSize": 6138,
        "Labels": {
            "a": "1",
            "b": "\\u003c\\u0026\\u003e"
        },
        "Containers": 0,
        "Names": [
            "docker.io/library/one:1",
            "localhost/eins:v2"
        ],
        "Digest": "${digest}",
        "History": [
            "docker.io/library/one:0"
        ],
        "Created": 1704931168,
        "CreatedAt": "2024-01-10T23:59:28Z"
`);
    expect(entries[2]).toMatchObject({ ReadOnly: true });
    expect(entries[3]).toMatchObject({ Dangling: true, Labels: null });
    expect(entries[3]).not.toHaveProperty('Names');
  });

  it('prints an empty JSON list as podman does', async () => {
    expect((await imagectl(service, ['images', '--format=json', 'nix'])).stdout).toBe('[]\n');
  });

  it.each([
    [['a', 'b'], 'accepts at most 1 arg(s), received 2'],
    [['--filter', 'a=b', 'c'], 'cannot specify an image and a filter(s)'],
    [['--filter', 'bad'], 'unable to get list of images "invalid filter syntax bad"'],
    [
      ['--sort', 'foo'],
      '"foo" is not a valid field for sorting. Choose from: created, id, repository, size, tag',
    ],
    [['--format', '{{.ID'], "template: images:1: bad character U+007B '{'"],
  ])('refuses %j', async (args, message) => {
    expect(await imagectl(service, ['images', ...args])).toEqual({
      stdout: '',
      stderr: `Error: ${message}\n`,
      code: 125,
    });
  });

  it.each([[['image', 'list']], [['image', 'ls']]])('is also %j', async (command) => {
    expect(await lines(...command)).toEqual(await lines('images'));
  });
});
