import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { configurationPaths } from '../../src/runtime/configuration-paths.js';
import { Registries } from '../../src/runtime/registries.js';
import { searchImages, type SearchRequest, type SearchResult } from '../../src/runtime/search.js';
import { startRegistry, type EmbeddedRegistry } from '../peers/registry.js';

const never = new AbortController().signal;
const noFilter = { isOfficial: null, isAutomated: null, starCount: 0 };

let directory: string;
let registries: EmbeddedRegistry[];
let warnings: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imaged-search-'));
  registries = [await startRegistry(), await startRegistry()];
  warnings = [];
});

afterEach(async () => {
  for (const registry of registries) await registry.close();
  await rm(directory, { recursive: true });
});

async function search(request: Partial<SearchRequest>, settings = ''): Promise<readonly SearchResult[]> {
  const hosts = registries.map(({ host }) => host);
  const entries = hosts.map((host) => `[[registry]]\nlocation = "${host}"\ninsecure = true\n`);
  const registriesConf = join(directory, 'registries.conf');
  const main = `unqualified-search-registries = ${JSON.stringify(hosts)}\n`;
  await writeFile(registriesConf, `${main}${settings === '' ? entries.join('') : settings}`);
  const paths = configurationPaths({ environment: { HOME: directory }, uid: 1, registriesConf });
  const context = {
    registries: new Registries(paths, 'test'),
    warn: (message: string) => void warnings.push(message),
  };
  return await searchImages(context, { query: 'app', limit: null, filter: noFilter, ...request }, never);
}

function serveResults(registry: EmbeddedRegistry | undefined, results: readonly object[]): void {
  if (registry === undefined) throw new Error('no registry');
  registry.fault = ({ url }) =>
    url.startsWith('/v1/search') ? { status: 200, body: JSON.stringify({ results }) } : undefined;
}

describe('a search', () => {
  it('asks every registry that short names are looked for in, and keeps their order', async () => {
    for (const registry of registries) registry.putManifest('my/app', '1', '{}', 'application/json');
    const found = await search({});
    expect(found).toEqual(
      registries.map(({ host }) => ({
        description: '',
        isOfficial: false,
        isAutomated: false,
        registry: host,
        name: `${host}/my/app`,
        starCount: 0,
      })),
    );
    expect(warnings).toEqual([]);
  });

  it('asks only the registry that stands in front of a slash', async () => {
    for (const registry of registries) registry.putManifest('my/app', '1', '{}', 'application/json');
    const host = registries[1]?.host ?? '';
    expect((await search({ query: `${host}/ap` })).map(({ name }) => name)).toEqual([`${host}/my/app`]);
    expect((await search({ query: `${host}/` })).map(({ name }) => name)).toEqual([`${host}/my/app`]);
    expect(registries[0]?.requests).toEqual([]);
  });

  it('goes on without a registry that fails or is blocked, and says so in the log', async () => {
    const [good, bad] = registries;
    good?.putManifest('app', '1', '{}', 'application/json');
    if (bad !== undefined) bad.fault = () => ({ status: 404 });
    expect(await search({})).toHaveLength(1);
    expect(warnings).toEqual([expect.stringContaining(`searching ${bad?.host}: error pinging`)]);
    warnings = [];
    const blocked = `[[registry]]\nlocation = "${good?.host}"\nblocked = true\n`;
    expect(await search({ query: `${good?.host}/app` }, blocked)).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining(`registry ${good?.host} is blocked in`)]);
  });

  it('filters before it cuts at the limit, 25 unless told otherwise', async () => {
    const results = Array.from({ length: 60 }, (_, index) => ({
      name: `app${index}`,
      star_count: index,
      is_official: index % 2 === 1,
    }));
    serveResults(registries[0], results);
    expect(await search({})).toHaveLength(25);
    expect(await search({ limit: 0 })).toHaveLength(25);
    const filter = { isOfficial: true, isAutomated: false, starCount: 40 };
    const found = await search({ limit: 3, filter });
    expect(found.map(({ starCount }) => starCount)).toEqual([41, 43, 45]);
  });

  it('has descriptions in one line of at most 44 characters and three dots', async () => {
    const descriptions = ['two\nlines', 'é'.repeat(44), `${'é'.repeat(43)}\u{1f600}x`];
    serveResults(
      registries[0],
      descriptions.map((description, index) => ({ name: `app${index}`, description })),
    );
    expect((await search({})).map(({ description }) => description)).toEqual([
      'two lines',
      'é'.repeat(44),
      `${'é'.repeat(43)}\u{1f600}...`,
    ]);
  });

  it.each([
    ['a negative limit', { limit: -1 }, 'limit', 'limit must not be negative, but is -1'],
    ['no word', { query: '' }, 'query', 'nothing to search for'],
    [
      'what is no registry',
      { query: 'a b/c' },
      'query',
      'error getting registry from "a b/c": invalid reference format',
    ],
  ])('refuses %s', async (_, request, parameter, message) => {
    await expect(search(request)).rejects.toMatchObject({ code: 'INVALID_SEARCH', parameter, message });
  });
});
