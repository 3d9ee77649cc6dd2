import { describe, expect, it } from '@jest/globals';

import type { EmbeddedRegistry, Fault } from '../peers/registry.js';
import { Peers, failure, never, sourceOf } from './support.js';

async function tags(
  peers: Peers,
  registries: readonly EmbeddedRegistry[],
  limit = Infinity,
): Promise<readonly string[]> {
  const sources = registries.map(({ host }) => sourceOf(`${host}/team/app`));
  return await peers.client().tags(sources, limit, never);
}

const page = (tags: unknown, next?: string): Fault => ({
  status: 200,
  body: JSON.stringify({ name: 'team/app', tags }),
  headers: next === undefined ? {} : { link: `<${next}>; rel="next"` },
});

/** A registry whose tags are what `answer` says. */
async function listing(peers: Peers, answer: (url: string) => Fault): Promise<EmbeddedRegistry> {
  const registry = await peers.registry();
  registry.fault = ({ url }) => (url.includes('/tags/list') ? answer(url) : undefined);
  return registry;
}

const pageNumber = (url: string): number => Number(/page=(\d+)/.exec(url)?.[1] ?? 0);
const asked = ({ requests }: EmbeddedRegistry): readonly string[] =>
  requests.map(({ url }) => url).filter((url) => url.includes('/tags/list'));

describe('the tags of a repository', () => {
  it('come in the order of the registry, without what is no tag and what was there before', async () => {
    await using peers = new Peers();
    const odd = ['z', 'a', '-x', 'a b', '../a', '\u001B[31m', 5, null, 'z', 'x'.repeat(129), '1.0_b-2'];
    const registry = await listing(peers, () => page(odd));
    expect(await tags(peers, [registry])).toEqual(['z', 'a', '1.0_b-2']);
  });

  it('are none where the registry has null for them', async () => {
    await using peers = new Peers();
    expect(await tags(peers, [await listing(peers, () => page(null))])).toEqual([]);
  });

  it('are read page by page, from that registry alone, until there are enough', async () => {
    await using peers = new Peers();
    const registry = await listing(peers, (url) => {
      const number = pageNumber(url);
      // Another host in the link must not be asked.
      return page(
        [`a${number}`, `b${number}`],
        number < 3 ? `http://192.0.2.1/v2/team/app/tags/list?page=${number + 1}` : undefined,
      );
    });
    expect(await tags(peers, [registry], 3)).toEqual(['a0', 'b0', 'a1']);
    expect(asked(registry)).toEqual(['/v2/team/app/tags/list', '/v2/team/app/tags/list?page=1']);
    expect(await tags(peers, [registry])).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2', 'a3', 'b3']);
  });

  it('end where a page leads back', async () => {
    await using peers = new Peers();
    const registry = await listing(peers, () => page(['a'], '/v2/team/app/tags/list'));
    expect(await tags(peers, [registry])).toEqual(['a']);
    expect(asked(registry)).toHaveLength(1);
  });

  it('are refused when they do not end', async () => {
    await using peers = new Peers();
    const registry = await listing(peers, (url) => {
      const number = pageNumber(url);
      const many = Array.from({ length: 20_000 }, (_, index) => `t${number * 20_000 + index}`);
      return page(many, `/v2/team/app/tags/list?page=${number + 1}`);
    });
    const error = await failure(tags(peers, [registry]));
    expect(error.message).toBe(
      `fetching tags list of ${registry.host}/team/app: there are more than 50000 tags: give a limit`,
    );
    expect(asked(registry)).toHaveLength(3);
  });

  it.each<[string, Fault, string]>([
    ['that is no JSON', { status: 200, body: '<html>' }, 'is no JSON'],
    ['that is too long', { status: 200, body: ' '.repeat(5 * 1024 * 1024) }, '4194304'],
    ['that is a refusal', { status: 403, body: 'no' }, '403'],
  ])('are not there in an answer %s', async (_, fault, reason) => {
    await using peers = new Peers();
    const registry = await listing(peers, () => fault);
    const error = await failure(tags(peers, [registry]));
    expect(error.message).toMatch(`fetching tags list of ${registry.host}/team/app: `);
    expect(error.message).toContain(reason);
    expect(error.message).not.toContain('\n');
  });

  it('are asked for with a token to pull', async () => {
    await using peers = new Peers();
    const registry = await peers.registry({ auth: { scheme: 'bearer', username: 'me', password: 'secret' } });
    registry.putManifest('team/app', '1', '{}', 'application/json');
    const password = { kind: 'password', username: 'me', password: 'secret' } as const;
    const client = peers.client({ explicitCredentials: password });
    expect(await client.tags([sourceOf(`${registry.host}/team/app`)], 10, never)).toEqual(['1']);
    const scope = 'scope=repository%3Ateam%2Fapp%3Apull';
    expect(registry.requests.some(({ url }) => url.includes(scope))).toBe(true);
  });

  it('come from the first mirror that lists them; the error of the last tells of all', async () => {
    await using peers = new Peers();
    const without = await peers.registry();
    const mirror = await listing(peers, () => page(['mirrored']));
    const last = await listing(peers, () => page(['last']));
    expect(await tags(peers, [without, mirror, last])).toEqual(['mirrored']);
    expect(asked(last)).toEqual([]);
    const error = await failure(tags(peers, [without, await peers.registry()]));
    expect(error.message).toContain(`Mirrors also failed: [${without.host}/team/app`);
  });
});
