// Commit beside podman's and buildah's, and the questions for containers.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { baseImage, ContainerScene, type InspectedImage } from './support/container-scene.js';
import { Imaged } from './support/imaged.js';
import { ended, output } from './support/process.js';
import { imageRecords, untidiness, unusedLayers } from './support/store-content.js';

jest.setTimeout(120_000);

let scene: ContainerScene;

beforeAll(async () => {
  scene = await ContainerScene.open();
});

afterAll(async () => {
  await scene.close();
});

// Counts in two files, one of which is read at the start and one at the end of a layer.
const counting =
  'dd if=/dev/zero of=/middle bs=1M count=48 2>/dev/null; i=0; touch /ready; while :; do i=$((i+1)); echo $i >/t; mv /t /a; echo $i >/t; mv /t /z; done';

function podman(...args: readonly string[]): Promise<string> {
  return scene.store.podmanOutput(...args);
}

async function failure(call: Promise<unknown>): Promise<unknown> {
  return await call.then(
    () => undefined,
    ({ error, parameters }: { error: string; parameters: unknown }) => [error, parameters],
  );
}

async function reasonOf(call: Promise<unknown>): Promise<string> {
  const [error, parameters] = (await failure(call)) as [string, { readonly reason: string }];
  expect(error).toBe('io.podman.ErrorOccurred');
  return parameters.reason;
}

/** What no record explains, and layers of nothing, once it has had its time to vanish; those of containers have no recipes. */
async function leftovers(): Promise<string[]> {
  const { root } = scene.store;
  for (const deadline = Date.now() + 10_000; ;) {
    const untidy = (await untidiness(root)).filter((one) => !one.startsWith('tar-split missing'));
    const left = [...untidy, ...(await unusedLayers(root))];
    if (left.length === 0 || Date.now() >= deadline) return left;
    await sleep(50);
  }
}

/** What has a time, or is ours to say, is left out. */
function comparable({ Config, History, Annotations, ManifestType }: InspectedImage): object {
  const settings = { ...Config, Env: undefined };
  const history = History.map((entry) => Object.assign({}, entry, { created: undefined }));
  return { settings, history, Annotations, ManifestType };
}

describe('an image of a container of podman', () => {
  const settings = [
    ['--network=bridge', '--publish=8080:80', '--expose=81/udp', '--user=1:2', '--workdir=/tmp'],
    ['--env=X=y', '--env=E= a b', '--env=TERM=dumb', '--label=k=v', '--volume=/anonymous'],
    ['--entrypoint', '["/bin/echo","a b"]', baseImage, 'c', 'd e'],
  ].flat();

  it.each(['oci', 'docker'])(
    'is what podman makes of it in the format %s, but for the environment',
    async (format) => {
      const name = `settings-${format}`;
      await podman('create', '--name', name, ...settings);
      const change = ['LABEL=m=2', 'EXPOSE 82', 'ENV=A=changed', 'STOPSIGNAL TERM', 'VOLUME /v'];
      const flags = change.flatMap((one) => ['--change', one]);
      await podman('commit', '--quiet', '--format', format, '--author', 'somebody', ...flags, name, 'theirs');
      const request = { author: 'somebody', changes: change, manifestType: format };
      const id = await scene.commit(name, { ...request, image_name: 'ours' });
      const [ours, theirs] = [await scene.inspect('ours'), await scene.inspect('theirs')];
      expect(comparable(ours)).toEqual(comparable(theirs));
      expect(ours).toMatchObject({ Id: id, Author: 'somebody', Parent: theirs.Parent });
      // Theirs has the terminal, the path and the engine's name, too, in any order.
      expect(ours.Config.Env).toEqual(['A=changed', 'E= a b', 'TERM=dumb', 'X=y']);
      expect(theirs.Config.Env).toEqual(expect.arrayContaining([...(ours.Config.Env ?? [])]));
    },
  );

  it('has the layer of podman, with what podman itself puts into a container, and podman runs it', async () => {
    const script = 'echo new >/new; rm /etc/gone; mkdir -m 700 /d; ln /new /d/hard; ln -s /new /d/soft';
    await podman('run', '--name', 'changed', baseImage, '/bin/sh', '-c', script);
    await podman('commit', '--quiet', 'changed', 'theirs');
    await scene.commit('changed', {
      image_name: 'ours:1',
      changes: ['CMD ["/bin/sh","-c","cat /d/soft; ls /etc"]'],
    });
    const [ours, theirs] = [await scene.inspect('ours:1'), await scene.inspect('theirs')];
    // Of several whiteouts podman notes in a field that means nothing there that they are one inode: then they differ.
    expect(ours.RootFS).toEqual(theirs.RootFS);
    const said = await podman('run', '--rm', 'localhost/ours:1');
    expect(said).toMatch(/^new\n/);
    expect(said).not.toContain('gone');
  });

  it('says what is done, tells the events, and keeps the message', async () => {
    await podman('create', '--name', 'told', baseImage);
    const connection = await scene.daemon.connect();
    const parameters = { name: 'told', image_name: '', message: 'why', manifestType: 'docker' };
    const lines: string[] = [];
    let id = '';
    for await (const { parameters: reply } of connection.more('io.podman.Commit', parameters)) {
      const { reply: said } = reply as { readonly reply: { readonly logs: string[]; readonly id: string } };
      lines.push(...said.logs);
      ({ id } = said);
    }
    connection.close();
    const image = await scene.inspect(id);
    expect(lines).toEqual([
      'Getting image source signatures\n',
      ...image.RootFS.Layers.map((layer) => `Copying blob ${layer}\n`),
      `Copying config sha256:${id}\n`,
      'Writing manifest to image destination\n',
      'Storing signatures\n',
    ]);
    expect(image).toMatchObject({ Comment: 'why', RepoTags: [] });
    expect(image.History.at(-1)).toMatchObject({ created_by: '/bin/sh', comment: 'why' });
    const events = await output('tail', ['-n', '1', join(scene.store.directory, 'events.log')]);
    expect(JSON.parse(events)).toMatchObject({
      Type: 'container',
      Status: 'commit',
      Name: 'told',
      Image: baseImage,
    });
  });
});

describe('a container that runs', () => {
  beforeAll(async () => {
    await podman('run', '--detach', '--name', 'counting', baseImage, '/bin/sh', '-c', counting);
    while ((await scene.store.podman(['exec', 'counting', '/bin/ls', '/ready'])).code !== 0) await sleep(50);
  });

  async function begin(): Promise<{ close(): void }> {
    const connection = await scene.daemon.connect();
    const parameters = { name: 'counting', image_name: 'never', pause: true };
    connection.send({ method: 'io.podman.Commit', parameters, more: true });
    // It is paused between the lines of the layers below and that of its own.
    await connection.receive();
    while ((await scene.status('counting')) !== 'paused') await sleep(10);
    return connection;
  }

  /** The names of the images there are when it runs again. */
  async function whenItGoesOn(): Promise<readonly (string | undefined)[]> {
    while ((await scene.status('counting')) !== 'running') await sleep(50);
    return (await imageRecords(scene.store.root)).flatMap(({ names }) => names);
  }

  it('stands still while it is read, and goes on', async () => {
    await scene.commit('counting', {
      image_name: 'counted',
      pause: true,
      changes: ['CMD=["/bin/cat","/a","/z"]'],
    });
    expect(await scene.status('counting')).toBe('running');
    const [first, last] = (await podman('run', '--rm', 'localhost/counted')).split('\n').map(Number);
    expect([0, 1]).toContain((first ?? 0) - (last ?? -2));
  });

  it('can be read while it changes its files', async () => {
    await scene.commit('counting', { manifestType: 'docker' });
    const id = await scene.commit('counting');
    await podman('run', '--rm', '--entrypoint', '/bin/ls', id, '/ready');
    expect(await scene.status('counting')).toBe('running');
  });

  it('goes on when the caller leaves, and nothing is left', async () => {
    const connection = await begin();
    connection.close();
    expect(await whenItGoesOn()).not.toContain('localhost/never:latest');
    expect(await leftovers()).toEqual([]);
  });

  it('goes on when the service is killed, and nothing is left', async () => {
    await begin();
    await scene.daemon.kill();
    expect(await whenItGoesOn()).not.toContain('localhost/never:latest');
    scene.daemon = await Imaged.start(scene.store);
    await scene.daemon.call('ListImages');
    expect(await leftovers()).toEqual([]);
  });

  it('is told of as running and mounted', async () => {
    const { config } = await scene.daemon.call<{ config: string }>('ContainerStateData', {
      name: 'counting',
    });
    const pid = Number(await podman('container', 'inspect', '--format={{.State.Pid}}', 'counting'));
    expect(JSON.parse(config)).toMatchObject({ state: 3, mounted: true, pid });
  });
});

describe('an image of a working container of buildah', () => {
  it('is what buildah makes of it, layer for layer, but for the label with its version', async () => {
    const config = ['--env=B=c', '--port=99', '--created-by=me', '--history-comment=so', '--author=au'];
    const more = ['--annotation=an=1', '--cmd=/bin/ls', '--shell=/bin/ash -c', '--add-history'];
    const { name } = await scene.workingContainer(...config, ...more);
    await scene.store.buildahOutput('commit', '--quiet', '--identity-label=false', name, 'theirs');
    await scene.commit(name, { image_name: 'ours', pause: true });
    const [ours, theirs] = [await scene.inspect('ours'), await scene.inspect('theirs')];
    expect(comparable(ours)).toEqual(comparable(theirs));
    expect(ours.Config.Env).toEqual(theirs.Config.Env);
    expect(ours.RootFS).toEqual(theirs.RootFS);
    expect(ours.Author).toBe(theirs.Author);
  });
});

describe('an image of a container of CRI-O', () => {
  it('has what the specification says, and nothing of the cluster', async () => {
    const { id } = await scene.workingContainer();
    const metadata = { 'pod-name': 'pod', 'pod-id': 'p', 'image-name': baseImage, 'container-name': 'app' };
    await scene.changeRecord(id, { metadata: JSON.stringify(metadata) });
    const env = [
      ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'TERM=xterm', 'HOSTNAME=pod'],
      ['A=image', 'MINE=1', 'KUBERNETES_SERVICE_HOST=10.0.0.1', 'KUBERNETES_PORT_443_TCP=tcp://10.0.0.1:443'],
      ['DB_SERVICE_HOST=10.0.0.2', 'DB_SERVICE_PORT=1', 'DB_USER=me'],
    ].flat();
    const user = { uid: 1000, gid: 1000, additionalGids: [1000] };
    const process = { terminal: false, user, args: ['/bin/app', '-v'], env, cwd: '/srv' };
    const annotations = { 'io.kubernetes.cri-o.ContainerType': 'container' };
    const spec = { ociVersion: '1.1.0', process, root: { path: 'rootfs' }, hostname: 'pod', annotations };
    await writeFile(join(scene.userData(id), 'config.json'), JSON.stringify(spec));
    await scene.commit(id, { image_name: 'ours', pause: true });
    const { Config, Annotations } = await scene.inspect('ours');
    expect(Config).toEqual({
      User: '1000:1000',
      ExposedPorts: { '443/tcp': {} },
      Env: ['A=image', 'DB_USER=me', 'MINE=1'],
      Cmd: ['/bin/app', '-v'],
      Volumes: { '/data': {} },
      WorkingDir: '/srv',
      Labels: { l: '1' },
    });
    expect(Annotations ?? {}).toEqual({});
  });

  it('is made while a runtime has it paused, and not at all where none can', async () => {
    const { name, id } = await scene.workingContainer();
    await scene.changeRecord(id, { metadata: JSON.stringify({ 'pod-name': 'pod' }) });
    const root = { path: await scene.store.buildahOutput('mount', name) };
    await output('runc', ['spec', '--bundle', scene.userData(id)]);
    const path = join(scene.userData(id), 'config.json');
    const spec = JSON.parse(await readFile(path, 'utf8')) as { process: object };
    // The root of the image can be written by nobody who has not this one.
    const owner = ['CAP_DAC_OVERRIDE'];
    const capabilities = { bounding: owner, effective: owner, permitted: owner };
    const args = ['/bin/sh', '-c', counting];
    const process = { ...spec.process, terminal: false, rlimits: [], capabilities, args };
    await writeFile(path, JSON.stringify({ ...spec, process, root }));
    const runc = spawn('runc', ['run', '--bundle', scene.userData(id), id], { stdio: 'ignore' });
    try {
      while (runc.exitCode === null && !existsSync(join(root.path, 'ready'))) await sleep(20);
      await scene.commit(id, { image_name: 'counted', pause: true, changes: ['CMD=["/bin/cat","/a","/z"]'] });
      expect(JSON.parse(await output('runc', ['state', id]))).toMatchObject({ status: 'running' });
      const said = await podman('run', '--rm', '--entrypoint=', 'localhost/counted', '/bin/cat', '/a', '/z');
      const [first, last] = said.split('\n').map(Number);
      expect([0, 1]).toContain((first ?? 0) - (last ?? -2));
    } finally {
      await output('runc', ['delete', '--force', id]);
      await ended(runc);
    }
    const state = { status: 'running', pid: scene.daemon.pid };
    await writeFile(join(scene.userData(id), 'state.json'), JSON.stringify(state));
    const refused = `error pausing container "${id}" to commit: neither runc nor crun knows it`;
    expect(await reasonOf(scene.commit(id, { pause: true }))).toContain(refused);
    await scene.commit(id);
  });
});

describe('a commit that cannot be', () => {
  it('says why', async () => {
    const { name } = await scene.workingContainer();
    expect(await failure(scene.commit('nobody'))).toEqual([
      'io.podman.ContainerNotFound',
      { id: 'nobody', reason: 'no container with name or ID nobody found: no such container' },
    ]);
    expect(await failure(scene.commit(''))).toEqual([
      'io.podman.ContainerNotFound',
      { id: '', reason: 'name or ID cannot be empty' },
    ]);
    expect(await reasonOf(scene.commit(name, { manifestType: 'v2s1' }))).toBe(
      'unrecognized image format "v2s1"',
    );
    expect(await reasonOf(scene.commit(name, { changes: ['ONBUILD=RUN x'] }))).toContain(
      'invalid change "ONBUILD=RUN x"',
    );
    expect(await reasonOf(scene.commit(name, { image_name: 'UPPER' }))).toBe(
      'repository name must be lowercase',
    );
  });

  it('tells of files that are gone or are not what they should be, and leaves nothing', async () => {
    const before = await imageRecords(scene.store.root);
    const { name, id } = await scene.workingContainer();
    const place = scene.userData(id);
    const record = join(place, 'buildah.json');
    await rename(record, `${record}.kept`);
    await writeFile(record, '{"docker": {"config": {"Env": "A=b"}}}');
    expect(await reasonOf(scene.commit(name))).toContain('config.Env: expected an array of strings');
    await writeFile(record, Buffer.alloc(5 * 1024 * 1024, ' '));
    expect(await reasonOf(scene.commit(name))).toContain(`${record}: expected a file of at most`);
    await rm(record);
    await output('mkfifo', [record]);
    expect(await reasonOf(scene.commit(name))).toContain(`${record}: expected a file of at most`);
    await rm(record);
    await rename(`${record}.kept`, record);
    const merged = await scene.store.buildahOutput('mount', name);
    await scene.store.buildahOutput('umount', name);
    const diff = join(merged, '..', 'diff');
    await rename(diff, `${diff}.kept`);
    expect(await reasonOf(scene.commit(name))).toContain('no such file or directory');
    await mkdir(diff);
    await writeFile(join(diff, '.wh.lie'), '');
    expect(await reasonOf(scene.commit(name))).toContain('no layer can hold a name that begins with .wh.');
    await rm(diff, { recursive: true });
    await rename(`${diff}.kept`, diff);
    await scene.changeRecord(id, { layer: 'f'.repeat(64) });
    expect(await reasonOf(scene.commit(name))).toContain('is not in the store');
    await scene.changeRecord(id, { layer: basename(dirname(merged)) });
    expect(await imageRecords(scene.store.root)).toEqual(before);
    expect(await leftovers()).toEqual([]);
  });
});

describe('the question whether a container is there', () => {
  const exists = (name: string): Promise<{ exists: number }> =>
    scene.daemon.call('ContainerExists', { name });

  it('is answered by 0 and 1, and by an error where the name can be none or several', async () => {
    await podman('create', '--name', 'there', baseImage);
    expect(await exists('there')).toEqual({ exists: 0 });
    expect(await exists('nowhere')).toEqual({ exists: 1 });
    expect(await reasonOf(exists(''))).toBe('name or ID cannot be empty');
    const missing = failure(scene.daemon.call('ContainerStateData', { name: 'nowhere' }));
    expect(await missing).toMatchObject(['io.podman.ContainerNotFound', { id: 'nowhere' }]);
  });
});
