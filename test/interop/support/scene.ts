// What most tests need: an embedded registry, a store, and imaged on it, ended together.
import { readFile, writeFile } from 'node:fs/promises';

import { type EmbeddedRegistry, type RegistryOptions, startRegistry } from '../../peers/registry.js';
import { putImage, type SampleImage } from '../../peers/sample-image.js';
import { Imaged, type ImagedOptions } from './imaged.js';
import { PeerStore } from './peer-store.js';

export interface SceneOptions extends ImagedOptions {
  readonly registry?: RegistryOptions;
  /** Existing graphroot for the store. */
  readonly root?: string;
}

export class Scene {
  readonly registry: EmbeddedRegistry;
  readonly store: PeerStore;
  daemon: Imaged;
  readonly #registriesConf: string;

  private constructor(registry: EmbeddedRegistry, store: PeerStore, daemon: Imaged, registriesConf: string) {
    this.registry = registry;
    this.store = store;
    this.daemon = daemon;
    this.#registriesConf = registriesConf;
  }

  static async open(options: SceneOptions = {}): Promise<Scene> {
    const registry = await startRegistry(options.registry);
    const place = options.root === undefined ? {} : { root: options.root };
    const store = await PeerStore.create({ insecure: [registry.host], ...place });
    try {
      const registriesConf = await readFile(store.registriesConf, 'utf8');
      return new Scene(registry, store, await Imaged.start(store, options), registriesConf);
    } catch (error) {
      await registry.close();
      await store.close();
      throw error;
    }
  }

  /** Puts an image behind `test/NAME:TAG` of the registry and returns its whole name. */
  serve(name: string, image: SampleImage, tag = '1'): string {
    putImage(this.registry, `test/${name}`, tag, image);
    return this.name(name, tag);
  }

  name(name: string, tag = '1'): string {
    return `${this.registry.host}/test/${name}:${tag}`;
  }

  /**
   * For the next test of those that share a scene, which saves a start of the daemon and its first pull, a second together:
   * no images, no faults, no requests, and registries.conf as it was. What the registry has stays.
   */
  async clear(): Promise<void> {
    this.registry.fault = undefined;
    await writeFile(this.store.registriesConf, this.#registriesConf);
    const { images } = await this.daemon.call<{ images: readonly { id: string }[] }>('ListImages');
    for (const { id } of images) await this.daemon.call('RemoveImage', { name: id, force: true });
    this.registry.clearRequests();
  }

  /** Ends the daemon, gently or as a crash would, and starts another one on the same store. */
  async restart(how: 'close' | 'kill' = 'close'): Promise<void> {
    await this.daemon[how]();
    this.daemon = await Imaged.start(this.store);
  }

  async close(): Promise<void> {
    await this.daemon.close();
    await this.registry.close();
    await this.store.close();
  }
}
