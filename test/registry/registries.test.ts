import { mkdir, mkdtemp, rm, writeFile, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { formatReference, parseNormalized } from '../../src/oci/reference.js';
import type { RegistriesConfig } from '../../src/registry/index.js';
import { loadRegistriesConfig, registriesPaths } from '../../src/registry/index.js';
import { matchLength } from '../../src/registry/registries-match.js';

let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'imaged-registries-'));
});

afterEach(async () => {
  await rm(home, { recursive: true });
});

/** Writes files below the temporary home and loads them: the main file, the drop-ins of two directories, the aliases. */
async function load(files: Readonly<Record<string, string>>): Promise<RegistriesConfig> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(home, name)), { recursive: true });
    await writeFile(join(home, name), text);
  }
  return loadRegistriesConfig({
    main: join(home, 'registries.conf'),
    required: false,
    dropIns: [join(home, 'a.d'), join(home, 'b.d')],
    aliasCache: join(home, 'aliases.conf'),
  });
}

/** Where `name` is pulled from, as texts; `!` marks what may be insecure. */
function sources(config: RegistriesConfig, name: string): readonly string[] {
  return config
    .pullSources(parseNormalized(name))
    .map(({ reference, insecure }) => `${formatReference(reference)}${insecure ? '!' : ''}`);
}

const digest = `@sha256:${'c'.repeat(64)}`;

describe('the prefix of an entry', () => {
  it.each([
    ['a.io/x:1', 'a.io', 4],
    ['a.io/x:1', 'a.io/x', 6],
    [`a.io/x${digest}`, 'a.io/x', 6],
    ['a.io/x:1', 'a.io/x:1', 8],
    ['a.io/xy:1', 'a.io/x', -1],
    ['a.io:5000/x', 'a.io', 4],
    ['b.io/x', 'a.io', -1],
    ['x.a.io/y', 'a.io', -1],
    ['x.a.io/y', '*.a.io', 6],
    ['x.a.io:80/y', '*.a.io', 6],
    ['w.x.a.io/y', '*.a.io', 8],
    ['a.io/y', '*.a.io', -1],
    ['b.io/x.a.io', '*.a.io', -1],
    ['x.a.io.b/y', '*.a.io', -1],
  ])('of %j, %j, stands for %i characters', (text, prefix, length) => {
    expect(matchLength(text, prefix)).toBe(length);
  });
});

describe('where a reference is pulled from', () => {
  it('is itself when nothing is said about it', async () => {
    expect(sources(await load({}), 'a.io/x:1')).toEqual(['a.io/x:1']);
  });

  it('is what the longest prefix says', async () => {
    const config = await load({
      'registries.conf': `
        [[registry]]
        location = "a.io"
        insecure = true
        [[registry]]
        prefix = "a.io/team"
        location = "internal:5000/mirror/"
        [[registry]]
        prefix = "*.example.com"
        insecure = true`,
    });
    expect(sources(config, 'a.io/x:1')).toEqual(['a.io/x:1!']);
    expect(sources(config, 'a.io/team/x:1')).toEqual(['internal:5000/mirror/x:1']);
    expect(sources(config, 'a.io/teams:1')).toEqual(['a.io/teams:1!']);
    expect(sources(config, 'sub.example.com/y:1')).toEqual(['sub.example.com/y:1!']);
    expect(config.insecure).toEqual(['a.io', '*.example.com']);
  });

  it('is mirrors first, each where it serves', async () => {
    const mirrors = ['all', 'digest-only', 'tag-only'].map(
      (use) =>
        `[[registry.mirror]]\nlocation = "${use}.io"\npull-from-mirror = "${use}"\ninsecure = ${use === 'all'}\n`,
    );
    const config = await load({ 'registries.conf': `[[registry]]\nlocation = "a.io"\n${mirrors.join('')}` });
    expect(sources(config, 'a.io/x:1')).toEqual(['all.io/x:1!', 'tag-only.io/x:1', 'a.io/x:1']);
    expect(sources(config, `a.io/x${digest}`)).toEqual([
      `all.io/x${digest}!`,
      `digest-only.io/x${digest}`,
      `a.io/x${digest}`,
    ]);
    expect(formatReference(config.pushTarget(parseNormalized('a.io/x:1')).reference)).toBe('a.io/x:1');
  });

  it('has mirrors for digests only where the registry says so', async () => {
    const config = await load({
      'registries.conf':
        '[[registry]]\nlocation="a.io"\nmirror-by-digest-only=true\n[[registry.mirror]]\nlocation="m.io"\n',
    });
    expect(sources(config, 'a.io/x:1')).toEqual(['a.io/x:1']);
    expect(sources(config, `a.io/x${digest}`)).toEqual([`m.io/x${digest}`, `a.io/x${digest}`]);
  });

  it('is nowhere when it is blocked', async () => {
    const config = await load({ 'registries.conf': '[[registry]]\nlocation="a.io"\nblocked=true\n' });
    expect(config.blocked).toEqual(['a.io']);
    expect(() => config.pullSources(parseNormalized('a.io/x'))).toThrow(
      `registry a.io is blocked in ${join(home, 'registries.conf')} or ${join(home, 'b.d')}`,
    );
  });

  it('must be a reference when it is rewritten', async () => {
    const config = await load({ 'registries.conf': '[[registry]]\nprefix="a.io"\nlocation="b.io/UPPER"\n' });
    expect(() => config.pullSources(parseNormalized('a.io/x:1'))).toThrow(
      'rewriting reference a.io/x:1 as b.io/UPPER/x:1: invalid reference format: repository name must be lowercase',
    );
  });
});

describe('a short name', () => {
  const texts = (config: RegistriesConfig, name: string): readonly string[] =>
    config.resolveShortName(name).map(formatReference);

  it('is looked for in every search registry, in order', async () => {
    const config = await load({
      'registries.conf': 'unqualified-search-registries = ["a.io/", "docker.io"]',
    });
    expect(config.search).toEqual(['a.io', 'docker.io']);
    expect(texts(config, 'x')).toEqual(['a.io/x:latest', 'docker.io/library/x:latest']);
    expect(texts(config, 'team/x:1')).toEqual(['a.io/team/x:1', 'docker.io/team/x:1']);
    expect(texts(config, `x${digest}`)).toEqual([`a.io/x${digest}`, `docker.io/library/x${digest}`]);
  });

  it.each(['permissive', 'enforcing', 'disabled'])(
    'means its alias alone when the mode is %s',
    async (mode) => {
      const config = await load({
        'registries.conf': `short-name-mode="${mode}"\nunqualified-search-registries=["a.io","b.io"]\n[aliases]\n"x"="docker.io/x"\n"t/y"="c.io/z"`,
      });
      expect(texts(config, 'x')).toEqual(['docker.io/library/x:latest']);
      expect(texts(config, 'x:5')).toEqual(['docker.io/library/x:5']);
      expect(texts(config, 't/y')).toEqual(['c.io/z:latest']);
    },
  );

  it('loses its alias to an empty one in a later file, and gets it back from the recorded ones', async () => {
    const files = {
      'registries.conf': 'unqualified-search-registries=["a.io"]\n[aliases]\n"x"="c.io/x"\n"y"="c.io/y"',
      'a.d/1.conf': '[aliases]\n"x"=""\n"y"=""',
      'aliases.conf': '[aliases]\n"y"="d.io/y"',
    };
    const config = await load(files);
    expect(texts(config, 'x')).toEqual(['a.io/x:latest']);
    expect(texts(config, 'y')).toEqual(['d.io/y:latest']);
  });

  it('cannot be pulled when only a user could choose, but can be looked for', async () => {
    const config = await load({
      'registries.conf': 'short-name-mode="enforcing"\nunqualified-search-registries=["a.io","b.io"]',
    });
    expect(() => config.resolveShortName('x')).toThrow(
      'short-name resolution enforced but cannot prompt without a TTY',
    );
    expect(config.candidates('x').map(formatReference)).toEqual(['a.io/x:latest', 'b.io/x:latest']);
  });

  it('cannot be pulled without search registries', async () => {
    const config = await load({});
    expect(() => config.resolveShortName('x')).toThrow(
      'image name provided is a short name and no search registries are defined in the registries config file.',
    );
    expect(config.candidates('x')).toEqual([]);
    expect(texts(config, 'a.io/x')).toEqual(['a.io/x:latest']);
  });
});

describe('several files', () => {
  it('are read by directory and name, a later entry of the same prefix replacing the earlier as a whole', async () => {
    const config = await load({
      'registries.conf':
        'unqualified-search-registries=["a.io"]\n[[registry]]\nlocation="a.io"\ninsecure=true\n[[registry.mirror]]\nlocation="m.io"',
      'a.d/2.conf': 'unqualified-search-registries=["two.io"]',
      'a.d/1.conf': 'unqualified-search-registries=["one.io"]\n[[registry]]\nlocation="a.io"',
      'a.d/ignored.txt': 'nonsense',
      'b.d/1.conf': '[[registry]]\nlocation="b.io"\ninsecure=true',
    });
    expect(config.search).toEqual(['two.io']);
    expect(sources(config, 'a.io/x:1')).toEqual(['a.io/x:1']);
    expect(config.insecure).toEqual(['b.io']);
  });

  it('do without recorded short names that cannot be reached', async () => {
    await symlink('aliases.conf', join(home, 'aliases.conf'));
    const config = await load({ 'registries.conf': 'unqualified-search-registries = ["a.io"]' });
    expect(config.search).toEqual(['a.io']);
  });

  it('can take all search registries away', async () => {
    const config = await load({
      'registries.conf': 'unqualified-search-registries=["a.io"]',
      'b.d/0.conf': 'unqualified-search-registries=[]',
    });
    expect(config.search).toEqual([]);
  });

  it('are the same object until one of them changes', async () => {
    const files = { 'registries.conf': 'unqualified-search-registries=["a.io"]' };
    const first = await load(files);
    expect(await load({})).toBe(first);
    const second = await load({ 'a.d/1.conf': 'unqualified-search-registries=["b.io"]' });
    expect(second.search).toEqual(['b.io']);
    await rm(join(home, 'a.d'), { recursive: true });
    expect((await load({})).search).toEqual(['a.io']);
  });
});

describe('a file of version 1', () => {
  it('says what a file of version 2 would', async () => {
    const config = await load({
      'registries.conf': `
        [registries.search]
        registries = ["a.io", "b.io"]
        [registries.insecure]
        registries = ["c.io"]
        [registries.block]
        registries = ["c.io", "d.io"]`,
    });
    expect(config.search).toEqual(['a.io', 'b.io']);
    expect(config.insecure).toEqual(['c.io']);
    expect(config.blocked).toEqual(['c.io', 'd.io']);
  });

  it('is absent when its tables are empty', async () => {
    const config = await load({
      'registries.conf': 'unqualified-search-registries=["a.io"]\n[registries.search]\nregistries=[]',
    });
    expect(config.search).toEqual(['a.io']);
  });

  it('cannot be a drop-in', async () => {
    await expect(load({ 'a.d/1.conf': '[registries.search]\nregistries=["a.io"]' })).rejects.toThrow(
      'registry must be in v2 format but is in v1',
    );
  });
});

describe('a configuration is refused', () => {
  it.each([
    ['[[registry]]', 'invalid condition: both location and prefix are unset'],
    [
      '[[registry]]\nprefix="a.io"',
      'invalid condition: location is unset and prefix is not in the format: *.example.com',
    ],
    [
      '[[registry]]\nlocation="https://a.io"',
      "invalid location 'https://a.io': URI schemes are not supported",
    ],
    [
      '[[registry]]\nprefix="*.io/x"\nlocation="a.io"',
      'Wildcarded prefix should be in the format: *.example.com. Current prefix "*.io/x" is incorrectly formatted',
    ],
    [
      '[[registry]]\nlocation="a.io"\ninsecure=true\n[[registry]]\nprefix="b.io"\nlocation="a.io"',
      "registry 'a.io' is defined multiple times with conflicting 'insecure' setting",
    ],
    [
      '[[registry]]\nlocation="a.io"\nblocked=true\n[[registry]]\nprefix="b.io"\nlocation="a.io"',
      "registry 'a.io' is defined multiple times with conflicting 'blocked' setting",
    ],
    [
      '[[registry]]\nlocation="a.io"\npull-from-mirror="all"',
      'pull-from-mirror must not be set for a non-mirror registry "a.io"',
    ],
    ['[[registry]]\nlocation="a.io"\n[[registry.mirror]]', 'invalid condition: mirror location is unset'],
    [
      '[[registry]]\nlocation="a.io"\n[[registry.mirror]]\nlocation="m"\npull-from-mirror="x"',
      'unsupported pull-from-mirror value "x" for mirror "m"',
    ],
    [
      '[[registry]]\nlocation="a.io"\nmirror-by-digest-only=true\n[[registry.mirror]]\nlocation="m"\npull-from-mirror="all"',
      'cannot set mirror usage mirror-by-digest-only for the registry ("a.io") and pull-from-mirror for per-mirror ("m") at the same time',
    ],
    ['unqualified-search-registries=["a.io/x"]', 'Invalid unqualified-search-registries entry "a.io/x"'],
    [
      'unqualified-search-registries=["a.io"]\n[registries.search]\nregistries=["b.io"]',
      'mixing sysregistry v1/v2 is not supported',
    ],
    ['short-name-mode="x"', 'invalid short-name mode: "x"'],
    [
      '[aliases]\n"x"="y"',
      'validating short-name aliases: invalid alias "y": must contain registry and repository',
    ],
    [
      '[aliases]\n"x"="a.io/y:t"',
      'validating short-name aliases: invalid alias "a.io/y:t": must not contain tag',
    ],
    [
      '[aliases]\n"x:t"="a.io/y"',
      'validating short-name aliases: invalid short name "x:t": must not contain tag',
    ],
    ['[[registry]]\nlocation=5', 'location: expected a string'],
    ['registry="x"', 'registry: expected an array of tables'],
    ['nonsense', 'Invalid TOML'],
  ])('that says %j', async (text, reason) => {
    const error = await load({ 'registries.conf': text }).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(error).toMatchObject({ name: 'RegistriesConfigError', code: 'REGISTRIES_CONFIG' });
    const start = `error loading registries configuration "${join(home, 'registries.conf')}": `;
    expect((error as Error).message.startsWith(`${start}${reason}`)).toBe(true);
    expect((error as Error).message).not.toContain('\n');
  });

  it('that was named and is not there', () => {
    const main = join(home, 'missing.conf');
    expect(() => loadRegistriesConfig({ main, required: true, dropIns: [] })).toThrow(
      `error loading registries configuration "${main}": ENOENT`,
    );
  });
});

describe('the files of the newest tools', () => {
  const search = (host: string): string => `unqualified-search-registries = ["${host}"]`;

  async function loadNewest(files: Readonly<Record<string, string>>): Promise<RegistriesConfig> {
    await load(files);
    return loadRegistriesConfig({
      main: join(home, 'registries.conf'),
      required: false,
      vendorDropIns: [join(home, 'vendor.d')],
      dropIns: [join(home, 'a.d')],
      override: join(home, 'override.conf'),
    });
  }

  it('are read from the weakest to the one that overrides', async () => {
    const files = {
      'registries.conf': search('main.io'),
      'vendor.d/1.conf': search('vendor.io'),
      'override.conf': '',
    };
    expect((await loadNewest(files)).search).toEqual(['vendor.io']);
    expect((await loadNewest({ 'a.d/0.conf': search('a.io') })).search).toEqual(['a.io']);
    expect((await loadNewest({ 'override.conf': search('last.io') })).search).toEqual(['last.io']);
  });

  it('are left out for one of the same name in a stronger place', async () => {
    const blocked = '[[registry]]\nlocation = "blocked.io"\nblocked = true\n';
    const files = { 'vendor.d/1.conf': blocked, 'override.conf': '' };
    expect((await loadNewest(files)).blocked).toEqual(['blocked.io']);
    expect((await loadNewest({ 'a.d/1.conf': '' })).blocked).toEqual([]);
  });

  it('must have the one that overrides', async () => {
    await expect(loadNewest({ 'registries.conf': '' })).rejects.toThrow(/override\.conf": ENOENT/);
  });
});

describe('the files that are read', () => {
  const paths = (env: Readonly<Record<string, string>>, flag?: string): ReturnType<typeof registriesPaths> =>
    registriesPaths({ env, flag, uid: 1000, home });

  it('are the system’s, then the user’s drop-ins', () => {
    expect(paths({})).toEqual({
      main: '/etc/containers/registries.conf',
      required: false,
      vendorDropIns: [
        '/usr/share/containers/registries.conf.d',
        '/usr/share/containers/registries.rootless.conf.d',
        '/usr/share/containers/registries.rootless.conf.d/1000',
      ],
      dropIns: [
        '/etc/containers/registries.conf.d',
        '/etc/containers/registries.rootless.conf.d',
        '/etc/containers/registries.rootless.conf.d/1000',
        join(home, '.config/containers/registries.conf.d'),
      ],
      aliasCache: join(home, '.cache/containers/short-name-aliases.conf'),
    });
  });

  it('are the user’s alone when there is a main file of the user', async () => {
    const main = join(home, 'xdg/containers/registries.conf');
    await mkdir(dirname(main), { recursive: true });
    await writeFile(main, '');
    expect(paths({ XDG_CONFIG_HOME: join(home, 'xdg'), XDG_CACHE_HOME: '/cache' })).toEqual({
      main,
      required: false,
      vendorDropIns: [],
      dropIns: [`${main}.d`],
      aliasCache: '/cache/containers/short-name-aliases.conf',
    });
  });

  it('are those for root where it is root’s', () => {
    const { dropIns } = registriesPaths({ env: {}, uid: 0, home });
    expect(dropIns[1]).toBe('/etc/containers/registries.rootful.conf.d');
  });

  it('end with the one that overrides', () => {
    expect(paths({ CONTAINERS_REGISTRIES_CONF_OVERRIDE: '/last' })).toMatchObject({ override: '/last' });
  });

  it('are named by the command line before the newer variable before the older', () => {
    const env = { CONTAINERS_REGISTRIES_CONF: '/new', REGISTRIES_CONFIG_PATH: '/old' };
    expect(paths(env, '/flag')).toMatchObject({ main: '/flag', required: true });
    expect(paths(env)).toMatchObject({ main: '/new', required: true });
    expect(paths({ REGISTRIES_CONFIG_PATH: '/old' })).toMatchObject({ main: '/old', required: true });
  });
});
