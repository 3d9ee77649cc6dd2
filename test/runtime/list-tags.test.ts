import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { configurationPaths } from '../../src/runtime/configuration-paths.js';
import { listTags, type RepositoryTags } from '../../src/runtime/list-tags.js';
import { Registries } from '../../src/runtime/registries.js';
import { startRegistry, type EmbeddedRegistry } from '../peers/registry.js';

const never = new AbortController().signal;

let directory: string;
let registries: readonly [EmbeddedRegistry, EmbeddedRegistry];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imaged-tags-'));
  registries = [await startRegistry(), await startRegistry()];
  registries[1].putManifest('app', '2', '{}', 'application/json');
  registries[1].putManifest('app', '1', '{}', 'application/json');
});

afterEach(async () => {
  for (const registry of registries) await registry.close();
  await rm(directory, { recursive: true });
});

async function list(
  name: string,
  limit: number | null = null,
  mode = 'permissive',
  entry = '',
): Promise<RepositoryTags> {
  const hosts = registries.map(({ host }) => host);
  const entries = hosts.map((host) => `[[registry]]\nlocation = "${host}"\ninsecure = true\n`);
  const registriesConf = join(directory, 'registries.conf');
  const main = `unqualified-search-registries = ${JSON.stringify(hosts)}\nshort-name-mode = "${mode}"\n`;
  await writeFile(registriesConf, `${main}${entries.join('')}${entry}`);
  const paths = configurationPaths({ environment: { HOME: directory }, uid: 1, registriesConf });
  return await listTags(new Registries(paths, 'test'), { name, limit }, never);
}

describe('ListTags', () => {
  it.each([
    ['a name in full', (host: string) => `${host}/app`],
    ['one with a tag', (host: string) => `${host}/app:2`],
    ['one with a digest', (host: string) => `${host}/app@sha256:${'0'.repeat(64)}`],
    ['one with the transport', (host: string) => `docker://${host}/app`],
    ['a short name, from the first registry that has it', () => 'app:9'],
  ])('takes %s', async (_, name) => {
    const { host } = registries[1];
    expect(await list(name(host))).toEqual({ name: `${host}/app`, tags: ['1', '2'] });
  });

  it('lists no more than it is asked for, and all for 0', async () => {
    const name = `${registries[1].host}/app`;
    expect((await list(name, 1)).tags).toEqual(['1']);
    expect((await list(name, 0)).tags).toEqual(['1', '2']);
  });

  it('asks under the names that registries.conf has', async () => {
    const entry = `[[registry]]\nprefix = "example.test/team"\nlocation = "${registries[1].host}"\ninsecure = true\n`;
    expect(await list('example.test/team/app', null, 'permissive', entry)).toEqual({
      name: 'example.test/team/app',
      tags: ['1', '2'],
    });
  });

  it.each([
    ['', 'permissive', 'no repository is named'],
    ['oci:/tmp/x', 'permissive', 'listing all tags is not supported for oci transport'],
    ['Team/App', 'permissive', 'repository name must be lowercase'],
    ['app', 'enforcing', 'short-name resolution enforced but cannot prompt without a TTY'],
    ['blocked.test/app', 'permissive', 'registry blocked.test is blocked in'],
  ])('refuses %j where short names are %s', async (name, mode, message) => {
    const blocked = '[[registry]]\nlocation = "blocked.test"\nblocked = true\n';
    await expect(list(name, null, mode, blocked)).rejects.toThrow(message);
  });

  it('tells of every registry that has no such short name', async () => {
    const unknown = 'name unknown';
    const [first, second] = registries.map(({ host }) => `fetching tags list of ${host}/none: ${unknown}`);
    await expect(list('none')).rejects.toThrow(first);
    await expect(list('none')).rejects.toThrow(second);
  });

  it('refuses a negative limit', async () => {
    await expect(list('app', -1)).rejects.toMatchObject({ parameter: 'limit' });
  });
});
