// imagectl search: its flags as parameters, its table and its JSON.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { imagectl, type Run } from '../support/imagectl.js';
import { startService, type RunningService } from '../support/service.js';

let service: RunningService;

const results = [
  {
    name: 'quay.io/a/b',
    registry: 'quay.io',
    description: 'the first',
    starCount: 3,
    isOfficial: true,
    isAutomated: false,
  },
  {
    name: 'quay.io/c',
    registry: 'quay.io',
    description: '',
    starCount: 0,
    isOfficial: false,
    isAutomated: true,
  },
];

let listed: object[];

beforeEach(async () => {
  listed = [];
  service = await startService(
    { searchImages: async ({ query }) => ({ results: query === 'nothing' ? [] : results }) },
    {
      listTags: async (parameters) => {
        listed.push(parameters);
        return { name: 'quay.io/a/b', tags: parameters.name === 'nothing' ? [] : ['z', '1'] };
      },
    },
  );
});

afterEach(() => service.close());

function search(...args: readonly string[]): Promise<Run> {
  return imagectl(service, ['search', ...args]);
}

describe('search', () => {
  it('prints names and descriptions', async () => {
    expect((await search('a')).stdout).toBe(
      'NAME         DESCRIPTION\nquay.io/a/b  the first\nquay.io/c    \n',
    );
    expect((await search('nothing')).stdout).toBe('');
  });

  it('prints more columns when it is to be compatible', async () => {
    expect((await search('--compatible', 'a')).stdout.split('\n')[1]).toMatch(
      /^quay\.io\/a\/b +the first +3 +\[OK\] +$/,
    );
  });

  it('prints JSON with the keys of podman', async () => {
    expect(JSON.parse((await search('--format', 'json', 'a')).stdout)).toEqual([
      {
        Index: 'quay.io',
        Name: 'quay.io/a/b',
        Description: 'the first',
        Stars: 3,
        Official: '[OK]',
        Automated: '',
        Tag: '',
      },
      {
        Index: 'quay.io',
        Name: 'quay.io/c',
        Description: '',
        Stars: 0,
        Official: '',
        Automated: '[OK]',
        Tag: '',
      },
    ]);
  });

  it('passes limit and filters on', async () => {
    await search('--limit', '7', '-f', 'stars=3', '--filter', 'is-official', '-f', 'is-automated=false', 'a');
    await search('a');
    expect(service.calls.map(([, params]) => params)).toEqual([
      { query: 'a', limit: 7, filter: { starCount: 3, isOfficial: true, isAutomated: false } },
      { query: 'a', filter: { starCount: 0 } },
    ]);
  });

  it.each([
    [['-f', 'foo', 'a'], 'Error: invalid filter type "foo"\n'],
    [['-f', 'stars=x', 'a'], 'Error: incorrect value type for stars filter: "x" is no number\n'],
    [['--limit', '-1', 'a'], 'Error: --limit -1: expected a number from 0\n'],
    [[], 'Error: accepts 1 arg(s), received 0\n'],
  ])('refuses %j', async (args, stderr) => {
    expect(await search(...args)).toEqual({ stdout: '', stderr, code: 125 });
  });
});

describe('search --list-tags', () => {
  it('prints a line for each tag, in the order of the registry', async () => {
    expect(await search('--list-tags', 'b')).toEqual({
      stdout: 'NAME         TAG\nquay.io/a/b  z\nquay.io/a/b  1\n',
      stderr: '',
      code: 0,
    });
    expect(await search('--list-tags', 'nothing')).toEqual({ stdout: '', stderr: '', code: 0 });
  });

  it('prints JSON as podman does, and what a template says', async () => {
    const { stdout } = await search('--list-tags', '--format', 'json', 'b');
    expect(JSON.parse(stdout)).toEqual([{ Name: 'quay.io/a/b', Tags: ['z', '1'] }]);
    expect((await search('--list-tags', '--format', '{{.Index}} {{.Name}}:{{.Tag}}', 'b')).stdout).toBe(
      'quay.io quay.io/a/b:z\nquay.io quay.io/a/b:1\n',
    );
  });

  it('asks for as many tags as podman does', async () => {
    await search('--list-tags', 'b');
    await search('--list-tags', '--limit', '0', 'b');
    await search('--list-tags', '--limit', '100', 'b');
    expect(listed).toEqual([25, 25, 100].map((limit) => ({ name: 'b', limit })));
  });

  it('takes no filters', async () => {
    expect(await search('--list-tags', '-f', 'stars=1', 'b')).toEqual({
      stdout: '',
      stderr: 'Error: filters are not applicable to list tags result\n',
      code: 125,
    });
    expect(listed).toEqual([]);
  });
});
