import { describe, expect, it } from '@jest/globals';

import type { FoundRepository } from '../../src/registry/index.js';
import type { EmbeddedRegistry, Fault } from '../peers/registry.js';
import { Peers, failure, never } from './support.js';

const any = (): boolean => true;

function search(
  peers: Peers,
  registry: EmbeddedRegistry,
  term: string,
  limit = 25,
  accepts: (found: FoundRepository) => boolean = any,
): Promise<readonly FoundRepository[]> {
  const client = peers.client();
  return client.search({ host: registry.host, insecure: true }, { term, limit, accepts }, never);
}

async function registryWith(peers: Peers, names: readonly string[]): Promise<EmbeddedRegistry> {
  const registry = await peers.registry();
  for (const name of names) registry.putManifest(name, '1', '{}', 'application/json');
  return registry;
}

const json = (value: unknown, headers: Readonly<Record<string, string>> = {}): Fault => ({
  status: 200,
  body: JSON.stringify(value),
  headers,
});

const names = (found: readonly FoundRepository[]): readonly string[] => found.map(({ name }) => name);

describe('a registry with the search of version 1', () => {
  it('is asked that, and what it says is taken as it is', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    const full = {
      name: 'team/app',
      description: 'An app',
      star_count: 7,
      is_official: true,
      is_automated: true,
    };
    registry.fault = ({ url }) =>
      url.startsWith('/v1/search')
        ? json({ results: [full, { name: 'bare' }, { name: '../x' }, 5] })
        : undefined;
    expect(await search(peers, registry, 'ap p&n=1')).toEqual([
      { name: 'team/app', description: 'An app', stars: 7, official: true, automated: true },
      { name: 'bare', description: '', stars: 0, official: false, automated: false },
    ]);
    expect(registry.requests.map(({ url }) => url)).toEqual(['/v2/', '/v1/search?n=100&q=ap+p%26n%3D1']);
  });

  it('leaves no room in the limit to what the filter takes away', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    const results = [1, 2, 3, 4].map((stars) => ({ name: `app${stars}`, star_count: stars }));
    registry.fault = ({ url }) => (url.startsWith('/v1/search') ? json({ results }) : undefined);
    const found = await search(peers, registry, 'app', 1, ({ stars }) => stars > 2);
    expect(names(found)).toEqual(['app3']);
  });

  it('that says no JSON is refused', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    registry.fault = ({ url }) => (url.startsWith('/v1/') ? { status: 200, body: '<html>' } : undefined);
    const error = await failure(search(peers, registry, 'app'));
    expect(error.message).toBe(`the answer of ${registry.host} to a search is no JSON`);
  });
});

describe('a registry with a catalogue', () => {
  it('gives what has the word in its name, an exact match first', async () => {
    await using peers = new Peers();
    const registry = await registryWith(peers, ['a/app', 'app', 'other', 'zapper/x']);
    expect(names(await search(peers, registry, 'app'))).toEqual(['app', 'a/app', 'zapper/x']);
    expect(names(await search(peers, registry, ''))).toEqual(['a/app', 'app', 'other', 'zapper/x']);
  });

  it('is read page by page until there is enough', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    registry.fault = ({ url }) => {
      if (!url.startsWith('/v2/_catalog')) return undefined;
      const page = Number(/page=(\d+)/.exec(url)?.[1] ?? 0);
      // Another host in the link must not be asked.
      return json(
        { repositories: [`app${page}`, 'UPPER/app', 'other'] },
        { link: `<http://192.0.2.1/v2/_catalog?page=${page + 1}>; rel="next"` },
      );
    };
    expect(names(await search(peers, registry, 'app', 3))).toEqual(['app0', 'app1', 'app2']);
    expect(registry.requests.filter(({ url }) => url.startsWith('/v2/_catalog'))).toHaveLength(3);
  });

  it.each([
    ['the first page', '/v2/_catalog'],
    ['itself', '/v2/_catalog?again'],
  ])('may lead back to %s without end', async (_, target) => {
    await using peers = new Peers();
    const registry = await peers.registry();
    registry.fault = ({ url }) =>
      url.startsWith('/v2/_catalog')
        ? json({ repositories: ['app'] }, { link: `<${target}>; rel="next"` })
        : undefined;
    expect(names(await search(peers, registry, 'app'))).toEqual(['app']);
    expect(registry.requests.length).toBeLessThan(6);
  });

  it('is asked with the credentials for it, the search of version 1 without', async () => {
    await using peers = new Peers();
    const registry = await peers.registry({ auth: { scheme: 'bearer', username: 'me', password: 'secret' } });
    registry.putManifest('app', '1', '{}', 'application/json');
    const client = peers.client({
      credentials: { find: async () => ({ kind: 'password', username: 'me', password: 'secret' }) },
    });
    const query = { term: 'app', limit: 25, accepts: any };
    expect(names(await client.search({ host: registry.host, insecure: true }, query, never))).toEqual([
      'app',
    ]);
    const old = registry.requests.find(({ url }) => url.startsWith('/v1/'));
    expect(old?.headers.authorization).toBeUndefined();
    expect(registry.requests.some(({ url }) => url.includes('scope=registry%3Acatalog%3A*'))).toBe(true);
  });

  it('that is forbidden says so', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    registry.fault = ({ url }) => (url.startsWith('/v2/_catalog') ? { status: 403, body: 'no' } : undefined);
    const error = await failure(search(peers, registry, 'app'));
    expect(error).toMatchObject({ code: 'REGISTRY_DENIED', op: 'search' });
  });
});
