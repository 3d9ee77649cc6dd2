// The Debian package on a system that is booted for it: installed, used by root, by units and by a user, and purged.
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { type EmbeddedRegistry, startRegistry } from '../peers/registry.js';
import { putImage } from '../peers/sample-image.js';
import { buildShellImage } from '../peers/shell-image.js';
import { blocksOf } from './pages/page.js';
import { BootedSystem } from './support/booted-system.js';
import { removeTree, temporaryDirectory } from './support/files.js';
import { type Finished, output } from './support/process.js';
import { buildRichImage } from './support/rich-image.js';

jest.setTimeout(120_000);

let system: BootedSystem;
let registry: EmbeddedRegistry;
let directory: string;
let deb: string;

beforeAll(async () => {
  directory = await temporaryDirectory('deb');
  registry = await startRegistry();
  putImage(registry, 'sample', '1', await buildShellImage());
  putImage(registry, 'rich', '1', await buildRichImage());
  putImage(registry, 'noise', '1', await buildRichImage());
  const file = await output(process.execPath, ['dist/src/packaging/deb/main.js', directory]);
  system = await BootedSystem.start();
  deb = join('/root', basename(file.trim()));
  await copyFile(file.trim(), join(system.root, deb));
  const configuration = join(system.root, 'etc/containers/registries.conf.d');
  await mkdir(configuration, { recursive: true });
  await writeFile(
    join(configuration, 'test.conf'),
    `[[registry]]\nlocation = "${registry.host}"\ninsecure = true\n`,
  );
  await install();
});

afterAll(async () => {
  await system?.close();
  await registry?.close();
  await removeTree(directory);
});

/** Triggers are other packages' business, and take their time. */
function install(): Promise<string> {
  return system.output('dpkg', '--no-triggers', '--install', deb);
}

/** The unit that has an image of the test's registry. */
async function unitOf(image: string): Promise<string> {
  const instance = await system.output('systemd-escape', `${registry.host}/${image}`);
  return `imaged-pull@${instance}.service`;
}

async function addUnit(name: string, text: string): Promise<void> {
  const path = join(system.root, 'etc/systemd/system', name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, text);
  await system.output('systemctl', 'daemon-reload');
}

describe('the installed package', () => {
  it('listens, is found by its interfaces, and starts with the first connection', async () => {
    expect(await system.property('imaged.socket', 'UnitFileState')).toBe('enabled');
    expect(await system.property('imaged.service', 'ActiveState')).toBe('inactive');
    expect(await system.output('stat', '-c', '%a %U', '/run/imaged/io.podman')).toBe('600 root');
    for (const name of ['io.podman', 'io.imaged'])
      expect(await system.output('readlink', `/run/varlink/registry/${name}`)).toBe('/run/imaged/io.podman');
    expect(await system.output('imagectl', 'version')).toMatch(/^Server: +imaged$/m);
    expect(await system.property('imaged.service', 'ActiveState')).toBe('active');
  });

  it('shares the mounts of the system, so that it sees those of podman', async () => {
    const pid = await system.property('imaged.service', 'MainPID');
    expect(await system.output('readlink', `/proc/${pid}/ns/mnt`)).toBe(
      await system.output('readlink', '/proc/1/ns/mnt'),
    );
  });

  it('unpacks devices and capabilities and runs containers of builds, for all that is kept from it', async () => {
    await system.output('imagectl', 'pull', '--quiet', `${registry.host}/rich:1`);
    await mkdir(join(system.root, 'root/app'));
    await writeFile(
      join(system.root, 'root/app/Dockerfile'),
      `FROM ${registry.host}/sample:1\nRUN echo "I am $(id -u)"\n`,
    );
    const built = await system.run('imagectl', 'build', '--tag', 'localhost/built:1', '/root/app');
    expect(built.stdout + built.stderr).toMatch(/^I am 0$/m);
    // It would go on without a runtime, where none can start.
    expect(built.stdout + built.stderr).not.toContain('chroot');
    expect(await system.output('podman', 'images', '--format', '{{.Repository}}')).toContain(
      'localhost/built',
    );
    const bound = await system.property('imaged.service', 'CapabilityBoundingSet');
    expect(bound).toContain('cap_mknod');
    expect(bound).not.toMatch(/cap_sys_(module|rawio|time|boot|ptrace)/);
  });

  it('ends when nobody is connected, and comes back', async () => {
    await addUnit('imaged.service.d/idle.conf', '[Service]\nExecStart=\nExecStart=imaged --idle-timeout 1\n');
    await system.output('systemctl', 'restart', 'imaged.service');
    await system.output('imagectl', 'version');
    await system.until(async () => (await system.property('imaged.service', 'ActiveState')) === 'inactive');
    expect(await system.property('imaged.service', 'Result')).toBe('success');
    await system.output('imagectl', 'version');
    await system.output('rm', '/etc/systemd/system/imaged.service.d/idle.conf');
    await system.output('systemctl', 'daemon-reload');
  });

  it('serves the further sockets that are enabled', async () => {
    await system.output('systemctl', 'stop', 'imaged.service');
    await system.output('systemctl', 'start', 'imaged-jsonrpc.socket', 'imaged-readonly.socket');
    await system.output('imagectl', '--url', 'jsonrpc+unix:/run/imaged/jsonrpc', 'version');
    expect(await system.output('stat', '-c', '%a %G', '/run/imaged/ro')).toBe('660 imaged');
    await system.output('imagectl', '--url', 'unix:/run/imaged/ro', 'images');
    const refused = await system.run('imagectl', '--url', 'unix:/run/imaged/ro', 'rmi', 'localhost/built:1');
    expect(refused.stderr).toMatch(/^Error: .*(read|permi)/im);
  });
});

describe('a unit that needs an image', () => {
  const needy = (needs: string): string =>
    `[Unit]\nRequires=${needs}\nAfter=${needs}\n[Service]\nType=oneshot\nExecStart=touch /root/started\nRemainAfterExit=yes\n`;

  it('starts when the image is there, which may take as long as bytes come', async () => {
    const needs = await unitOf('noise:1');
    // Slower than the time that the unit has.
    registry.fault = ({ url }) => (url.includes('/noise/blobs/') ? { bytesPerSecond: 300_000 } : undefined);
    await addUnit(`${needs}.d/short.conf`, '[Service]\nTimeoutStartSec=3\n');
    await addUnit('needy.service', needy(needs));
    const begun = Date.now();
    await system.output('imagectl', 'rmi', '--all', '--force');
    await system.output('systemctl', 'start', 'needy.service');
    expect(Date.now() - begun).toBeGreaterThan(4000);
    await system.output('imagectl', 'exists', `${registry.host}/noise:1`);
    expect(await system.property('needy.service', 'ActiveState')).toBe('active');
    registry.fault = undefined;
  });

  it('does not start without the image, and the unit of the image says why', async () => {
    const needs = await unitOf('nothing:1');
    await addUnit('hopeless.service', needy(needs));
    expect((await system.run('systemctl', 'start', 'hopeless.service')).code).toBe(1);
    expect(await system.property('hopeless.service', 'ActiveState')).toBe('inactive');
    expect(await system.property(needs, 'StatusText')).toMatch(/nothing.*manifest unknown/);
  });

  it('gets no more time for a registry that is silent', async () => {
    const needs = await unitOf('silent:1');
    registry.fault = ({ url }) => (url.includes('/silent/') ? { delay: 20_000 } : undefined);
    await addUnit(`${needs}.d/short.conf`, '[Service]\nTimeoutStartSec=1\n');
    expect((await system.run('systemctl', 'start', needs)).code).toBe(1);
    expect(await system.property(needs, 'Result')).toBe('timeout');
    registry.fault = undefined;
  });
});

describe('the units of a user', () => {
  const uid = '4321';
  const asUser = (...command: string[]): Promise<Finished> =>
    system.run(
      'setpriv',
      '--reuid',
      uid,
      '--regid',
      uid,
      '--init-groups',
      'env',
      '--chdir=/home/joe',
      'HOME=/home/joe',
      `XDG_RUNTIME_DIR=/run/user/${uid}`,
      ...command,
    );

  it('serve the store that is podman’s for that user, too', async () => {
    await system.output('useradd', '--create-home', '--uid', uid, 'joe');
    await system.output('systemctl', 'start', `user@${uid}.service`);
    const blocks = blocksOf(await readFile('docs/install.md', 'utf8'));
    const page = blocks.find(({ notRun }) => notRun?.endsWith('as a user of it') === true)?.text ?? '';
    const script = page.replace('docker.io/library/busybox', `${registry.host}/sample:1`);
    const done = await asUser('sh', '-e', '-c', script);
    expect([done.stdout, done.stderr, done.code]).toEqual([
      expect.stringMatching(/sample +1 /),
      expect.anything(),
      0,
    ]);
    await asUser('systemctl', '--user', 'start', 'imaged.socket');
    const pulled = await asUser('imagectl', 'pull', '--quiet', `${registry.host}/sample:1`);
    expect(pulled.stderr).toBe('');
    const listed = await asUser('podman', '--storage-driver', 'overlay', 'images', '--no-trunc', '--quiet');
    expect(listed.stdout.trim() || listed.stderr).toBe(`sha256:${pulled.stdout.trim()}`);
    await system.output('systemctl', 'stop', `user@${uid}.service`);
  });
});

describe('another version', () => {
  it('replaces the one that runs', async () => {
    await system.output('imagectl', 'version');
    const before = await system.property('imaged.service', 'MainPID');
    await install();
    await system.output('imagectl', 'version');
    expect(await system.property('imaged.service', 'MainPID')).not.toBe(before);
  });

  it('leaves what the administrator has disabled', async () => {
    await system.output('systemctl', 'disable', '--quiet', 'imaged.socket');
    await install();
    expect(await system.property('imaged.socket', 'UnitFileState')).toBe('disabled');
  });
});

describe('docs/install.md', () => {
  it('says what can be done', async () => {
    const blocks = blocksOf(await readFile('docs/install.md', 'utf8'));
    const ofRoot = blocks.filter(({ notRun }) => notRun === 'a test boots a system for it');
    expect(ofRoot.length).toBeGreaterThan(3);
    await system.output('dpkg', '--no-triggers', '--purge', 'imaged');
    const script = ofRoot.map(({ text }) => text).join('');
    const here = script
      .replaceAll('docker.io/library/busybox:latest', `${registry.host}/sample:1`)
      .replaceAll('docker.io/library/busybox', `${registry.host}/sample:1`);
    const done = await system.run('sh', '-e', '-c', `cd /root; ${here}`);
    expect(done.code === 0 ? '' : done.stdout + done.stderr).toBe('');
    expect(done.stdout).toMatch(/sample +1 /);
    expect((await system.run('dpkg', '--status', 'imaged')).code).toBe(1);
  });
});

describe('a purge', () => {
  it('leaves nothing but the images', async () => {
    const places = ['/etc', '/run', '/usr', '/var'];
    const left = await system.output(
      'find',
      ...places,
      '-xdev',
      '-iname',
      '*imaged*',
      '-not',
      '-path',
      '*/needy*',
    );
    const own = left
      .split('\n')
      .filter((path) => !/^\/etc\/systemd\/system\/imaged|^\/var\/lib\/containers/.test(path));
    expect(own.filter((path) => path !== '')).toEqual([]);
    expect((await system.run('getent', 'group', 'imaged')).code).toBe(2);
    expect((await system.run('systemctl', 'is-active', 'imaged.socket', 'imaged.service')).stdout).toBe(
      'inactive\ninactive\n',
    );
    expect(await readFile(join(system.root, 'usr/bin/imaged')).catch(() => 'gone')).toBe('gone');
  });
});
