// A store with base images, imaged on it, and buildah beside it: what builds need.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { makeBases } from '../../build/conformance/base-images.js';
import {
  buildah,
  imagectl,
  type BuildEnd,
  type Builder,
  type BuildOrder,
} from '../../build/conformance/builders.js';
import type { ContextEntry } from '../../build/conformance/conformance-case.js';
import { writeContext } from '../../build/conformance/context.js';
import { imageId } from '../../build/conformance/image-facts.js';
import { Imaged } from './imaged.js';
import { PeerStore, type PeerStoreOptions } from './peer-store.js';
import { CommandError, output } from './process.js';

/** An image that is built. */
export interface BuiltImage extends BuildEnd {
  readonly id: string;
}

export class Workshop {
  readonly store: PeerStore;
  daemon: Imaged;
  readonly #buildah: Builder;
  readonly #imagectl: Builder;
  #contexts = 0;

  private constructor(store: PeerStore, daemon: Imaged) {
    this.store = store;
    this.daemon = daemon;
    this.#buildah = buildah(store);
    this.#imagectl = imagectl(store, () => this.daemon);
  }

  /** `bases`: a store to copy the base images from, so that they are the same in both. */
  static async open(options: PeerStoreOptions & { readonly bases?: PeerStore } = {}): Promise<Workshop> {
    const store = await PeerStore.create(options);
    try {
      if (options.bases === undefined) await makeBases(store);
      else await copyBases(options.bases, store);
      return new Workshop(store, await Imaged.start(store));
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** A directory with these files and this Dockerfile. */
  async context(dockerfile: string, files: readonly ContextEntry[] = []): Promise<string> {
    this.#contexts += 1;
    const directory = join(this.store.directory, `context-${this.#contexts}`);
    await mkdir(directory);
    await writeContext(directory, { dockerfile, files }, '');
    return directory;
  }

  /** Layered, in OCI's format and with the cache unless told otherwise. Throws where it cannot be built. */
  async imagectl(context: string, order: Partial<BuildOrder> = {}): Promise<BuiltImage> {
    return await this.#built(this.#imagectl, context, order);
  }

  async buildah(context: string, order: Partial<BuildOrder> = {}): Promise<BuiltImage> {
    return await this.#built(this.#buildah, context, order);
  }

  async restart(how: 'close' | 'kill' = 'close'): Promise<void> {
    await this.daemon[how]();
    this.daemon = await Imaged.start(this.store);
  }

  async close(): Promise<void> {
    await this.daemon.close();
    await this.store.close();
  }

  async #built(builder: Builder, context: string, order: Partial<BuildOrder>): Promise<BuiltImage> {
    const name = order.name ?? 'localhost/built:latest';
    const end = await builder.build({
      context,
      layers: true,
      format: 'oci',
      options: [],
      environment: {},
      useCache: true,
      ...order,
      name,
    });
    if (!end.built) {
      throw new CommandError(['build', context], { code: 1, signal: null, stdout: '', stderr: end.log });
    }
    return { ...end, id: imageId(this.store.root, name) };
  }
}

async function copyBases(from: PeerStore, to: PeerStore): Promise<void> {
  const names = (await from.podmanOutput('images', '--format', '{{.Repository}}', 'localhost/base/*')).split(
    '\n',
  );
  for (const name of names) {
    const image = `${name}:latest`;
    await output('skopeo', [
      '--insecure-policy',
      'copy',
      '--quiet',
      from.transport(image),
      to.transport(image),
    ]);
  }
}
