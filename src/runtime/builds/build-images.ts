// The store and the registries as a build sees them.
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildRequest } from '../../build/build-request.js';
import type {
  BuildImage,
  BuildStore,
  CacheQuery,
  LayerDraft,
  NewBuildImage,
} from '../../build/build-store.js';
import { InstructionError } from '../../build/errors.js';
import { digestHex, digestOf, parseDigest, type Digest } from '../../oci/digest.js';
import { parsePlatform, type Platform } from '../../oci/platform.js';
import { formatReference, tagNameOnly } from '../../oci/reference.js';
import { parseNormalized } from '../../oci/reference.js';
import { imageData, type CommitLayer, type StagedLayer, type StoredImage } from '../../store/index.js';
import type { TempDir } from '../../sys/temp-dir.js';
import type { BuildCache } from './build-cache.js';
import type { CopyContext } from '../copy/copy-context.js';
import { fetchRepository, isRepository } from './fetch-git.js';
import { annotationsOf, readConfig } from '../images/image-facts.js';
import { madeImage, presentLayer } from './made-image.js';
import { storedName } from '../images/names.js';
import type { Operation } from '../operation.js';
import { signerFor } from '../policy.js';
import { pullImage } from '../copy/pull.js';
import { parsedName } from '../images/resolve.js';

const SHORT_ID = 12;

/** What it works with; `directory` is the build's own and goes with it. */
export interface BuildImagesOptions {
  readonly context: CopyContext;
  readonly cache: BuildCache;
  readonly request: BuildRequest;
  readonly operation: Operation;
  readonly directory: TempDir;
}

export class BuildImages implements BuildStore {
  readonly #context: CopyContext;
  readonly #cache: BuildCache;
  readonly #request: BuildRequest;
  readonly #operation: Operation;
  readonly #directory: TempDir;
  /** The images that were asked for, each looked up and pulled once. */
  readonly #found = new Map<string, Promise<BuildImage>>();
  readonly #staged = new Map<LayerDraft, StagedLayer>();

  constructor({ context, cache, request, operation, directory }: BuildImagesOptions) {
    this.#context = context;
    this.#cache = cache;
    this.#request = request;
    this.#operation = operation;
    this.#directory = directory;
  }

  image(given: string, platform: string): Promise<BuildImage> {
    const name = this.#request.images?.get(given) ?? given;
    const key = `${platform} ${name}`;
    let image = this.#found.get(key);
    if (image === undefined) {
      image = this.#pulled(name, platform === '' ? this.#request.platform : platform);
      this.#found.set(key, image);
    }
    return image;
  }

  async findCached(query: CacheQuery): Promise<BuildImage | undefined> {
    let newest: BuildImage | undefined;
    for await (const { id } of this.#cache.find(query, this.#operation.signal)) {
      const image = await this.#read(id, undefined);
      newest ??= image;
      if (query.prefer?.(image) !== false) return image;
    }
    return newest;
  }

  async newLayer(): Promise<LayerDraft> {
    const staged = await this.#context.store.stageLayer(this.#operation.signal);
    const work = join(staged.home, 'work');
    const merged = join(staged.home, 'merged');
    try {
      await Promise.all([work, merged].map((path) => mkdir(path, { mode: 0o700 })));
    } catch (error) {
      await staged.discard();
      throw error;
    }
    const { directory: upper, tarSplitPath } = staged;
    const draft = { upper, work, merged, tarSplitPath, discard: async () => await staged.discard() };
    this.#staged.set(draft, staged);
    return draft;
  }

  async commit(image: NewBuildImage): Promise<BuildImage> {
    const { config: content, format, layers, added, names, parent, annotations } = image;
    const tars = added === undefined ? layers : [...layers, added.packed];
    const { config, manifest } = madeImage({ config: content, format, layers: tars, parent, annotations });
    const { signal } = this.#operation;
    const signature = await this.#signature(manifest.bytes, names[0]);
    const stored = await this.#context.store.commitImage(
      {
        layers: [...layers.map(presentLayer), ...(added === undefined ? [] : [this.#made(added)])],
        image: {
          id: digestHex(config.digest),
          digest: manifest.digest,
          names,
          created: content.created,
          bigData: imageData({ config, manifest, signatures: signature }),
          metadata: signature && metadataOf(manifest.digest, signature),
        },
      },
      signal,
    );
    return await this.#read(stored.id, undefined);
  }

  async name(id: string, names: readonly string[]): Promise<void> {
    for (const name of names) await this.#context.store.addName(id, name, this.#operation.signal);
  }

  async scratch(): Promise<string> {
    const path = this.#directory.addition();
    await mkdir(path, { mode: 0o700 });
    return path;
  }

  async cacheDirectory(id: string): Promise<string> {
    const { graphRoot } = this.#context.store.options;
    const name = createHash('sha256').update(id).digest('hex');
    const caches = join(graphRoot, 'imaged', 'build-caches');
    await mkdir(caches, { recursive: true, mode: 0o700 });
    // Made with its owner, its mode and its first content by whoever mounts it first.
    return join(caches, name);
  }

  async fetch(
    url: string,
    { checksum, keepGitDir }: { readonly checksum: string | undefined; readonly keepGitDir: boolean },
  ): Promise<{ readonly directory: string; readonly name: string }> {
    const directory = await this.scratch();
    const { signal } = this.#operation;
    if (isRepository(url)) {
      if (checksum !== undefined) throw new InstructionError(`${url}: a repository has no checksum`);
      const { environment } = this.#context.paths;
      return { directory, name: await fetchRepository(url, { directory, keepGitDir, environment }, signal) };
    }
    const { name } = await this.#context.registries.fetchFile(url, { directory, checksum }, signal);
    return { directory, name };
  }

  /** Of the result, if somebody wants to sign it. */
  async #signature(manifest: Buffer, name: string | undefined): Promise<Buffer | undefined> {
    const { signBy } = this.#request;
    if (signBy === '' || name === undefined) return undefined;
    const location = { transport: 'docker', reference: parseNormalized(name) } as const;
    const sign = signerFor(signBy, location, this.#context.paths);
    return await sign(digestOf(manifest), this.#operation.signal);
  }

  async #pulled(name: string, platform: string): Promise<BuildImage> {
    const { pull: policy, trusted } = this.#request;
    const wanted = platform === '' ? this.#context.platform : parsePlatform(platform);
    const context = { ...this.#context, platform: wanted };
    const caller = { credentials: undefined, trusted, policy };
    const image = await this.#read(await pullImage(context, name, caller, this.#operation), name);
    // What is there may be for another machine.
    if (platform === '' || isFor(image, wanted) || policy === 'never') return image;
    const id = await pullImage(context, name, { ...caller, policy: 'always' }, this.#operation);
    return await this.#read(id, name);
  }

  /** `asked`: what the caller calls it. */
  async #read(id: string, asked: string | undefined): Promise<BuildImage> {
    const { store } = this.#context;
    const view = await store.view(this.#operation.signal);
    const image = view.imageById(id);
    if (image === undefined) throw new InstructionError(`image ${id} was removed while it was being used`);
    const config = await readConfig(store, image);
    const chain = view.chain(image.layer).toReversed();
    if (config === undefined || chain.some(({ diffDigest }) => diffDigest === undefined)) {
      throw new InstructionError(
        `image ${asked ?? id} cannot be built upon: its configuration or layers are not known`,
      );
    }
    const bytes = await store.imageData(image, 'manifest');
    return {
      id,
      name: historyName(image, asked),
      config,
      manifestDigest: digestOf(bytes),
      annotations: annotationsOf(bytes),
      layers: chain.map((layer) => ({
        diffId: parseDigest(layer.diffDigest ?? ''),
        diffSize: layer.diffSize,
        directory: store.layerFiles(layer),
      })),
    };
  }

  #made({ draft, packed }: NonNullable<NewBuildImage['added']>): CommitLayer {
    const staged = this.#staged.get(draft);
    this.#staged.delete(draft);
    const { diffId, diffSize, uids, gids } = packed;
    const blob = { blobDigest: diffId, blobSize: diffSize, compression: 'none' } as const;
    return { diffId, diffSize, ...blob, uids, gids, staged };
  }
}

function isFor({ config }: BuildImage, { os, architecture }: Platform): boolean {
  return config.os === os && config.architecture === architecture;
}

/**
 * The name by which it was found. Images that were asked for by an id, or that this build made, go by the beginning of their id.
 */
function historyName({ id, names }: StoredImage, asked: string | undefined): string {
  const short = id.slice(0, SHORT_ID);
  if (asked === undefined || id.startsWith(asked.replace(/^sha256:/, ''))) return short;
  const reference = parsedName(asked);
  const wanted = reference === undefined ? [] : [storedName(asked), formatReference(tagNameOnly(reference))];
  return wanted.find((name) => names.includes(name)) ?? names[0] ?? short;
}

/** Where the one signature ends (containers-storage-format §9). */
function metadataOf(manifest: Digest, { length }: Buffer): string {
  return JSON.stringify({ 'signature-sizes': [length], 'signatures-sizes': { [manifest]: [length] } });
}
