// What calls of every method find: images and containers of several makers, files, and both doors of one daemon.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { tarOf } from '../../archive/tar-builder.js';
import { startRegistry, type EmbeddedRegistry } from '../../peers/registry.js';
import { buildImage, buildTar, putImage, type SampleImage } from '../../peers/sample-image.js';
import { Imaged } from '../support/imaged.js';
import { PeerStore } from '../support/peer-store.js';
import { openWays, type Way } from './way.js';

/** The images by what they are called in the store; what they are good for is said where they are made. */
interface Names {
  readonly oci: string;
  readonly docker: string;
  readonly bare: string;
  readonly remote: string;
  readonly base: string;
  readonly child: string;
  readonly twice: string;
  readonly used: string;
}

export class Stage {
  readonly store: PeerStore;
  readonly daemon: Imaged;
  readonly ways: readonly Way[];
  readonly registry: EmbeddedRegistry;
  readonly names: Names;
  readonly images = new Map<string, SampleImage>();
  /** Ids of containers. */
  readonly containers = new Map<string, string>();
  #fresh = 0;

  private constructor(store: PeerStore, daemon: Imaged, ways: readonly Way[], registry: EmbeddedRegistry) {
    this.store = store;
    this.daemon = daemon;
    this.ways = ways;
    this.registry = registry;
    const { host } = registry;
    this.names = {
      oci: `${host}/test/oci:1`,
      docker: `${host}/test/docker:1`,
      bare: `${host}/test/bare:1`,
      remote: `${host}/test/remote:1`,
      base: 'localhost/base:1',
      child: 'localhost/child:1',
      twice: 'localhost/twice:1',
      used: 'localhost/used:1',
    };
  }

  /** A daemon on a store without anything in it. */
  static async bare(): Promise<Stage> {
    const registry = await startRegistry();
    const store = await PeerStore.create({ insecure: [registry.host] });
    try {
      const jsonRpc = join(store.directory, 'jsonrpc.sock');
      const daemon = await Imaged.start(store, { args: ['--jsonrpc', `unix:${jsonRpc}`] });
      const ways = await openWays(daemon.address.replace('unix:', ''), jsonRpc);
      const stage = new Stage(store, daemon, ways, registry);
      await stage.#makeFiles();
      return stage;
    } catch (error) {
      await registry.close();
      await store.close();
      throw error;
    }
  }

  /** The same with everything in it. */
  static async full(): Promise<Stage> {
    const stage = await Stage.bare();
    await stage.#makeImages();
    await stage.#makeContainers();
    return stage;
  }

  /** One whose store cannot be read. */
  static async broken(): Promise<Stage> {
    const stage = await Stage.bare();
    const place = join(stage.store.root, 'overlay-images');
    await mkdir(place, { recursive: true });
    await writeFile(join(place, 'images.json'), '[{"id":');
    return stage;
  }

  /** One whose configuration says nonsense. */
  static async misconfigured(): Promise<Stage> {
    const stage = await Stage.bare();
    await writeFile(stage.store.registriesConf, 'unqualified-search-registries = "no list"');
    return stage;
  }

  path(file: string): string {
    return join(this.store.directory, file);
  }

  /** A path at which nothing is. */
  fresh(): string {
    this.#fresh += 1;
    return this.latest();
  }

  /** The path that was fresh last. */
  latest(): string {
    return this.path(`fresh-${this.#fresh}`);
  }

  /** The sample image behind one of the names. */
  image(name: keyof Names): SampleImage {
    const image = this.images.get(name);
    if (image === undefined) throw new Error(`${name} is no sample image`);
    return image;
  }

  /** The id of the sample image behind one of the names. */
  id(name: keyof Names): string {
    return this.image(name).config.digest.replace('sha256:', '');
  }

  /** An image for one call: always the same one, with these names and no others. Returns its id. */
  async spare(...names: readonly string[]): Promise<string> {
    const nothing = { message: '', changes: ['LABEL spare=yes'], delete: false };
    const parameters = { ...nothing, source: this.path('spare.tar'), reference: '' };
    const { image } = await this.daemon.call<{ image: string }>('ImportImage', parameters);
    for (const tagged of names) await this.daemon.call('TagImage', { name: image, tagged });
    return image;
  }

  /** Takes an image out of the store with all its names, if it is there. */
  async without(name: string): Promise<void> {
    const { exists } = await this.daemon.call<{ exists: number }>('ImageExists', { name });
    if (exists !== 0) return;
    const { image } = await this.daemon.call<{ image: { id: string } }>('GetImage', { id: name });
    await this.daemon.call('RemoveImage', { name: image.id, force: true });
  }

  async close(): Promise<void> {
    for (const way of this.ways) await way.close();
    await this.daemon.close();
    await this.registry.close();
    await this.store.close();
  }

  async #makeFiles(): Promise<void> {
    await writeFile(this.path('spare.tar'), await buildTar([{ name: 'spare', content: 'spare' }]));
    const lines = ['FROM scratch', 'COPY file /', 'LABEL built=yes'];
    const context = tarOf({ name: 'Dockerfile', content: `${lines.join('\n')}\n` }, { name: 'file' });
    await writeFile(this.path('context.tar'), context);
    await writeFile(this.path('no-archive'), 'neither tar nor JSON\n'.repeat(100));
  }

  async #makeImages(): Promise<void> {
    const layers = [
      [
        { name: 'etc/', type: 'directory', mode: 0o755 },
        { name: 'etc/old', content: 'old' },
      ],
      [{ name: 'etc/.wh.old' }, { name: 'etc/new', content: 'new' }],
    ] as const;
    const config = {
      Cmd: ['/bin/true'],
      Env: ['PATH=/bin'],
      Labels: { kind: 'oci', run: 'podman run --name NAME IMAGE' },
    };
    this.#serve('oci', await buildImage({ layers, config, author: 'somebody' }));
    const docker = {
      format: 'docker',
      layers: [[{ name: 'docker' }]],
      config: { Labels: { kind: 'docker' } },
    } as const;
    this.#serve('docker', await buildImage(docker));
    this.#serve('bare', await buildImage({ layers: [], config: { Labels: { kind: 'bare' } } }));
    this.#serve('remote', await buildImage({ layers: [[{ name: 'remote', content: 'remote' }]] }));
    for (const name of ['oci', 'docker', 'bare'] as const) await this.daemon.pull(this.names[name]);
    await this.store.podmanOutput('save', '-q', '-o', this.path('saved.tar'), this.names.docker);
    await this.#import('base', 'base');
    await this.#import('twice', 'twice');
    await this.daemon.call('TagImage', { name: this.names.twice, tagged: 'twice:2' });
    await this.#import('used', 'used');
    await this.#import('', 'unnamed');
    const container = await this.store.buildahOutput('from', '--pull-never', this.names.base);
    await this.store.buildahOutput('config', '--label', 'child=yes', container);
    await this.store.buildahOutput('commit', '--quiet', '--rm', container, this.names.child);
    // What `same:1` means nobody can tell.
    await this.daemon.call('TagImage', { name: this.names.child, tagged: 'quay.io/a/same:1' });
    await this.daemon.call('TagImage', { name: this.names.twice, tagged: 'quay.io/b/same:1' });
  }

  #serve(name: 'oci' | 'docker' | 'bare' | 'remote', image: SampleImage): void {
    putImage(this.registry, `test/${name}`, '1', image);
    this.images.set(name, image);
  }

  async #import(name: keyof Names | '', content: string): Promise<void> {
    const source = this.path(`${content}.tar`);
    await writeFile(source, await buildTar([{ name: content, content }]));
    const reference = name === '' ? '' : this.names[name];
    const nothing = { message: '', changes: [], delete: false };
    await this.daemon.call('ImportImage', { ...nothing, source, reference });
  }

  async #makeContainers(): Promise<void> {
    const { store, names } = this;
    this.containers.set(
      'podman',
      await store.podmanOutput('create', '--name', 'podmans', names.used, '/none'),
    );
    const name = await store.buildahOutput('from', '--pull-never', '--name', 'buildahs', names.used);
    this.containers.set(
      'buildah',
      await store.buildahOutput('inspect', '--format', '{{.ContainerID}}', name),
    );
  }
}
