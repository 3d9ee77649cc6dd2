import { mkdtemp, rm, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { StorageOptionsError } from '../../src/store/errors.js';
import { resolveStorageOptions, type StorageFlags, type StorageOptions } from '../../src/store/options.js';

let directory: string;
let full: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imaged-options-'));
  full = await config(
    'full.conf',
    `[storage]
driver = "overlay"
graphroot = "/conf/root"
runroot = "/conf/run"
[storage.options]
additionalimagestores = ["/more"]
[storage.options.overlay]
mountopt = "nodev,metacopy=on"`,
  );
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function config(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

function resolveRoot(
  file: string | undefined,
  flags: StorageFlags = {},
  env: Record<string, string> = {},
): Promise<StorageOptions> {
  const named = file === undefined ? {} : { CONTAINERS_STORAGE_CONF: file };
  return resolveStorageOptions({
    env: { ...named, ...env },
    uid: 0,
    flags,
    systemFiles: ['/none/storage.conf'],
  });
}

const configured = ['overlay.imagestore=/more', 'overlay.mountopt=nodev,metacopy=on'];

describe('the store of root', () => {
  it('is the well-known one where nothing is configured', async () => {
    expect(await resolveRoot(undefined)).toMatchObject({
      graphRoot: '/var/lib/containers/storage',
      runRoot: '/run/containers/storage',
      driver: 'overlay',
      additionalImageStores: [],
      driverOptions: [],
      readOnlyReason: undefined,
    });
  });

  // Every line is what Podman 4.3 does.
  it.each<[string, StorageFlags, Record<string, string>, Partial<StorageOptions>]>([
    ['the file', {}, {}, { graphRoot: '/conf/root', runRoot: '/conf/run', driverOptions: configured }],
    [
      '--root, which drops the options',
      { root: '/r' },
      {},
      { graphRoot: '/r', runRoot: '/conf/run', driverOptions: [] },
    ],
    [
      '--runroot, which does not',
      { runRoot: '/rr' },
      {},
      { graphRoot: '/conf/root', runRoot: '/rr', driverOptions: configured },
    ],
    [
      '--storage-driver, which drops the options',
      { driver: 'overlay' },
      {},
      { graphRoot: '/conf/root', driverOptions: [] },
    ],
    [
      '--storage-opt, which replaces them',
      { driverOptions: ['overlay.size=1G'] },
      {},
      { driverOptions: ['overlay.size=1G'] },
    ],
    ['an empty --storage-opt', { driverOptions: [''] }, {}, { driverOptions: [] }],
    [
      'STORAGE_OPTS',
      {},
      { STORAGE_OPTS: 'overlay.size=1G,overlay.inodes=5' },
      { driverOptions: ['overlay.size=1G', 'overlay.inodes=5'] },
    ],
    ['--root over STORAGE_OPTS', { root: '/r' }, { STORAGE_OPTS: 'overlay.size=1G' }, { driverOptions: [] }],
    [
      '--storage-opt with --root',
      { root: '/r', driverOptions: ['overlay.size=1G'] },
      {},
      { driverOptions: ['overlay.size=1G'] },
    ],
    [
      'STORAGE_DRIVER',
      {},
      { STORAGE_DRIVER: 'vfs' },
      { driver: 'vfs', driverOptions: ['vfs.imagestore=/more'] },
    ],
    [
      '--storage-driver over STORAGE_DRIVER',
      { driver: 'overlay' },
      { STORAGE_DRIVER: 'vfs' },
      { driver: 'overlay' },
    ],
  ])('follows %s', async (_, flags, env, expected) => {
    expect(await resolveRoot(full, flags, env)).toMatchObject(expected);
  });

  it('has the additional stores of the options that apply', async () => {
    expect((await resolveRoot(full)).additionalImageStores).toEqual(['/more']);
    expect((await resolveRoot(full, { root: '/r' })).additionalImageStores).toEqual([]);
    const flags = { driverOptions: ['overlay.imagestore=/a', '.imagestore=/b', 'additionalimagestore=/c'] };
    expect((await resolveRoot(full, flags)).additionalImageStores).toEqual(['/a', '/b', '/c']);
  });

  it('reads the options of the driver from old files too, where they stand with all others', async () => {
    const text =
      '[storage]\ngraphroot="/g"\nrunroot="/r"\n[storage.options]\nmountopt="nosuid"\nskip_mount_home="true"';
    const file = await config('old.conf', text);
    expect((await resolveRoot(file)).driverOptions).toEqual([
      'overlay.mountopt=nosuid',
      'overlay.skip_mount_home=true',
    ]);
  });

  it('expands variables and makes paths absolute', async () => {
    const file = await config('variables.conf', '[storage]\ngraphroot="$HOME/g"\nrunroot="${HOME}/r"');
    expect(await resolveRoot(file, {}, { HOME: '/home/me' })).toMatchObject({
      graphRoot: '/home/me/g',
      runRoot: '/home/me/r',
    });
    expect((await resolveRoot(file, { root: 'x/../y' })).graphRoot).toBe(join(process.cwd(), 'y'));
  });

  it('is not guessed where a file says nothing of it', async () => {
    const file = await config('empty.conf', '');
    await expect(resolveRoot(file)).rejects.toThrow(`${file}: runroot must be set`);
    expect((await resolveRoot(file, { root: '/r', runRoot: '/rr' })).graphRoot).toBe('/r');
  });

  it('needs the file that the environment names, in one line of TOML after the other', async () => {
    await expect(resolveRoot('/none.conf')).rejects.toThrow(
      'CONTAINERS_STORAGE_CONF: /none.conf: no such file',
    );
    const file = await config('bad.conf', 'x = [');
    const error = await resolveRoot(file).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(StorageOptionsError);
    expect((error as Error).message).toMatch(/bad\.conf: .+/);
    expect((error as Error).message).not.toContain('\n');
  });

  it.each([
    ['its driver is vfs', 'driver="vfs"', ''],
    ['image layers in a separate imagestore', 'imagestore="/i"', ''],
    [
      'the mount program /usr/bin/fuse-overlayfs',
      '',
      '[storage.options.overlay]\nmount_program="/usr/bin/fuse-overlayfs"',
    ],
    ['force_mask', '', '[storage.options.overlay]\nforce_mask="0755"'],
    ['mapped ids (remap-uids', '', '[storage.options]\nremap-uids="0:1000:1000"'],
  ])('can only be read if %s', async (reason, storage, more) => {
    const file = await config('special.conf', `[storage]\ngraphroot="/g"\nrunroot="/r"\n${storage}\n${more}`);
    expect((await resolveRoot(file)).readOnlyReason).toContain(reason);
  });
});

describe('the store of a user', () => {
  const resolveUser = (env: Record<string, string>, systemFiles: string[] = []): Promise<StorageOptions> =>
    resolveStorageOptions({ env, uid: 1000, flags: {}, systemFiles });

  it('is below the home directory and can only be read', async () => {
    const options = await resolveUser({ HOME: '/home/me', XDG_RUNTIME_DIR: '/run/user/1000' });
    expect(options).toMatchObject({
      graphRoot: '/home/me/.local/share/containers/storage',
      runRoot: '/run/user/1000/containers',
    });
    expect(options.readOnlyReason).toContain('user namespace');
    expect((await resolveUser({ HOME: '/h', XDG_DATA_HOME: '/data' })).graphRoot).toBe(
      '/data/containers/storage',
    );
  });

  it('is where the system says for users, not where it says for root', async () => {
    const text = '[storage]\ngraphroot="/g"\nrunroot="/r"\nrootless_storage_path="/users/$UID"';
    const options = await resolveUser({ HOME: '/h', XDG_RUNTIME_DIR: '/run/me' }, [
      await config('system.conf', text),
    ]);
    expect(options).toMatchObject({ graphRoot: '/users/1000', runRoot: '/run/me/containers' });
  });

  it('is where the own file says', async () => {
    await mkdir(join(directory, 'containers'), { recursive: true });
    await config(
      'containers/storage.conf',
      '[storage]\ngraphroot="$HOME/g"\nrunroot="/r"\nrootless_storage_path="/x"',
    );
    const options = await resolveUser({ HOME: '/h', XDG_CONFIG_HOME: directory }, [full]);
    expect(options).toMatchObject({ graphRoot: '/h/g', runRoot: '/r' });
  });
});
