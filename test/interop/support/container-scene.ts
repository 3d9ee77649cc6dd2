// A store with an image of busybox, containers of podman and buildah on it, and imaged beside them.
import { rm, writeFile, mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';

import { Imaged } from './imaged.js';
import { PeerStore } from './peer-store.js';
import { output } from './process.js';
import { makeBusyboxRoot } from './run-step.js';

export const baseImage = 'localhost/busybox:1';

/** An image's configuration as `podman image inspect` tells it. */
export interface InspectedImage {
  readonly Id: string;
  readonly Config: Readonly<Record<string, unknown>> & { readonly Env?: readonly string[] };
  readonly RootFS: { readonly Layers: readonly string[] };
  readonly History: readonly Readonly<Record<string, unknown>>[];
  readonly Annotations: Readonly<Record<string, string>> | null;
  readonly Author: string;
  readonly Comment: string;
  readonly Parent: string;
  readonly ManifestType: string;
}

export class ContainerScene {
  readonly store: PeerStore;
  daemon: Imaged;

  private constructor(store: PeerStore, daemon: Imaged) {
    this.store = store;
    this.daemon = daemon;
  }

  static async open(): Promise<ContainerScene> {
    const store = await PeerStore.create();
    const root = makeBusyboxRoot();
    try {
      await mkdir(join(root, 'etc'));
      await writeFile(join(root, 'etc', 'gone'), 'to be removed');
      await mkdir(join(root, 'tmp'));
      const tar = join(store.directory, 'base.tar');
      await output('tar', ['-C', root, '-cf', tar, '.']);
      const changes = ['ENV A=image', 'LABEL l=1', 'CMD ["/bin/sh"]', 'EXPOSE 443', 'VOLUME /data'];
      const flags = changes.flatMap((change) => ['--change', change]);
      await store.podmanOutput('import', '--quiet', ...flags, tar, baseImage);
      return new ContainerScene(store, await Imaged.start(store));
    } catch (error) {
      await store.close();
      throw error;
    } finally {
      await rm(root, { recursive: true });
    }
  }

  /** The id of the image that imaged makes of a container. */
  async commit(name: string, rest: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const { reply } = await this.daemon.call<{ reply: { id: string; logs: string[] } }>('Commit', {
      name,
      ...rest,
    });
    return reply.id;
  }

  async inspect(image: string): Promise<InspectedImage> {
    const [inspected] = await this.store.podmanJson<InspectedImage[]>('image', 'inspect', image);
    if (inspected === undefined) throw new Error(`${image} is not there`);
    return inspected;
  }

  async status(container: string): Promise<string> {
    return await this.store.podmanOutput('container', 'inspect', '--format={{.State.Status}}', container);
  }

  /** A container of buildah, with something in it. Returns its name and its id. */
  async workingContainer(
    ...config: readonly string[]
  ): Promise<{ readonly name: string; readonly id: string }> {
    const name = await this.store.buildahOutput('from', '--pull-never', baseImage);
    if (config.length > 0) await this.store.buildahOutput('config', ...config, name);
    const file = join(this.store.directory, 'file');
    await writeFile(file, 'of a working container');
    await this.store.buildahOutput('copy', '--quiet', name, file, '/opt/file');
    const id = await this.store.buildahOutput('inspect', '--format', '{{.ContainerID}}', name);
    return { name, id };
  }

  /** Where the engine of a container keeps what it knows. */
  userData(id: string): string {
    return join(this.store.root, 'overlay-containers', id, 'userdata');
  }

  /** Rewrites the record of a container, as a program would that is not well. */
  async changeRecord(id: string, change: Readonly<Record<string, unknown>>): Promise<void> {
    const path = join(this.store.root, 'overlay-containers', 'containers.json');
    const records = JSON.parse(await readFile(path, 'utf8')) as { readonly id: string }[];
    for (const record of records) if (record.id === id) Object.assign(record, change);
    await writeFile(`${path}.new`, JSON.stringify(records));
    await rename(`${path}.new`, path);
  }

  async close(): Promise<void> {
    await this.daemon.close();
    await this.store.podman(['rm', '--all', '--force', '--time', '0']);
    await this.store.close();
  }
}
