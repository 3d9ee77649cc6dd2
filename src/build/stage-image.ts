// The image that a stage has become so far, and how the next one is made of it (build.md, Layers, history and cache).
import type { HistoryEntry, ImageConfig } from '../oci/config.js';
import type { Platform } from '../oci/platform.js';
import type { BuildRequest } from './build-request.js';
import type { BuildImage, BuildStore, LayerDraft, NewBuildImage } from './build-store.js';
import type { ImageDraft } from './image-draft.js';
import { createdByNothing } from './created-by.js';
import type { PackedLayer } from './workplace.js';

const BASE_DIGEST = 'org.opencontainers.image.base.digest';
const BASE_NAME = 'org.opencontainers.image.base.name';
const CREATED = 'org.opencontainers.image.created';
/** What tells the version of a builder makes no other image of one. */
const identityLabels: ReadonlySet<string> = new Set(['io.buildah.version', 'io.imaged.version']);
const shortId = /^[0-9a-f]{12}$/;

/** What is committed with a build. */
export interface CommitContext {
  readonly request: BuildRequest;
  readonly store: BuildStore;
  /** Names in full that the result gets. */
  readonly names: readonly string[];
  /** Of imaged, for the label. */
  readonly version: string;
  /** RFC 3339. */
  readonly now: () => string;
}

/** A layer that was made for an image. */
export interface MadeLayer {
  readonly draft: LayerDraft;
  readonly packed: PackedLayer;
}

export class StageImage {
  readonly #context: CommitContext;
  readonly #draft: ImageDraft;
  /** The image, or undefined for nothing. */
  #current: BuildImage | undefined;
  /** What `current` was made of. */
  #parent: BuildImage | undefined;
  /** What the stage began with. */
  readonly #base: BuildImage | undefined;
  /** Of this stage's instructions, in the image or not yet. */
  readonly #steps: HistoryEntry[] = [];
  /** How many of them are in it. */
  #written = 0;

  constructor(context: CommitContext, draft: ImageDraft, base: BuildImage | undefined) {
    this.#context = context;
    this.#draft = draft;
    this.#current = base;
    this.#base = base;
  }

  get current(): BuildImage | undefined {
    return this.#current;
  }

  /** The image in the store that is what this step would make of this one. */
  async findCached(
    createdBy: string,
    addsLayer: boolean,
    platform: Platform,
    isResult: boolean,
  ): Promise<BuildImage | undefined> {
    const { request, store, now } = this.#context;
    return await store.findCached({
      base: this.#current,
      createdBy,
      addsLayer,
      format: request.format,
      platform,
      created: request.epoch === undefined ? undefined : now(),
      prefer: isResult ? (image) => this.#isWanted(image) : undefined,
    });
  }

  reuse(image: BuildImage): void {
    this.#steps.push(...image.config.history.slice(-1));
    this.#written = this.#steps.length;
    this.#parent = this.#current;
    this.#current = image;
  }

  /** An instruction that gets no image of its own. */
  note(createdBy: string): void {
    const entry = { created: this.#context.now(), createdBy, author: '', comment: '', emptyLayer: true };
    this.#steps.push(entry);
  }

  /** The image with one more step, and a layer if it makes one. `isResult`: it is what was asked for. */
  async commit(createdBy: string, layer: MadeLayer | undefined, isResult: boolean): Promise<BuildImage> {
    const base = this.#current;
    const entry = this.#entry(createdBy, layer === undefined);
    this.#steps.push(entry);
    const history = [...(base?.config.history ?? []), ...this.#steps.slice(this.#written)];
    this.#written = this.#steps.length;
    this.#parent = base;
    return await this.#store(entry.created, history, base?.layers ?? [], layer, isResult);
  }

  #entry(createdBy: string, emptyLayer: boolean): HistoryEntry & { readonly created: string } {
    const { author } = this.#draft;
    const comment = this.#current === undefined ? '' : `FROM ${this.#current.name}`;
    return { created: this.#context.now(), createdBy, author, comment, emptyLayer };
  }

  /** Names the result, which came from the cache; where the request wants more of it than that has, it becomes another image. */
  async finishCached(): Promise<void> {
    const { request, store, names, now } = this.#context;
    const image = this.#current;
    if (image === undefined) return;
    const { layers, config } = image;
    const wanted = this.#isWanted(image);
    // A signature is stored with the image.
    if (wanted && request.signBy === '') await store.name(image.id, names);
    else
      await this.#store(wanted ? (config.created ?? now()) : now(), config.history, layers, undefined, true);
  }

  /** Whether an image of this history is all that the request wants of the result. */
  #isWanted({ layers, config, annotations }: BuildImage): boolean {
    const { request } = this.#context;
    const wanted = this.#config('', config.history, layers, undefined);
    const annotated = request.format === 'docker' || includes(annotations, pairs(request.annotations));
    return annotated && sameImage(config, wanted, request.format);
  }

  /** All that there is as the only layer of the result; only this stage's instructions are told of. */
  async flattened(layer: MadeLayer): Promise<BuildImage> {
    const steps = this.#steps.map((entry) => ({ ...entry, emptyLayer: true }));
    const last = steps.at(-1) ?? this.#entry(createdByNothing, true);
    const told = { ...this.#entry(last.createdBy, false), created: last.created ?? '' };
    const history = [...steps.slice(0, -1), last.comment === '' ? told : { ...last, emptyLayer: false }];
    this.#parent = undefined;
    return await this.#store(this.#context.now(), history, [], layer, true, this.#base);
  }

  async #store(
    created: string,
    history: readonly HistoryEntry[],
    layers: NewBuildImage['layers'],
    added: MadeLayer | undefined,
    isResult: boolean,
    base = this.#parent,
  ): Promise<BuildImage> {
    const { request, store, names } = this.#context;
    this.#current = await store.commit({
      config: this.#config(created, history, layers, added),
      format: request.format,
      layers,
      added,
      parent: this.#parent?.id ?? '',
      annotations: this.#annotations(created, isResult, base),
      names: isResult ? names : [],
    });
    return this.#current;
  }

  #config(
    created: string,
    history: readonly HistoryEntry[],
    layers: NewBuildImage['layers'],
    added: MadeLayer | undefined,
  ): ImageConfig {
    const { request, version } = this.#context;
    const diffIds = layers.map(({ diffId }) => diffId);
    if (added !== undefined) diffIds.push(added.packed.diffId);
    const config = this.#draft.config({ created, history, diffIds });
    const labels = {
      ...config.config.labels,
      ...(request.identityLabel && request.epoch === undefined && { 'io.imaged.version': version }),
    };
    return { ...config, config: { ...config.config, labels } };
  }

  /** `base`: what it is said to be made from. */
  #annotations(
    created: string,
    isResult: boolean,
    base: BuildImage | undefined,
  ): Readonly<Record<string, string>> {
    const { request } = this.#context;
    return {
      // The peers have both where there is no base, too.
      [BASE_NAME]: '',
      ...base?.annotations,
      [BASE_DIGEST]: base?.manifestDigest ?? '',
      ...(base !== undefined && !shortId.test(base.name) && { [BASE_NAME]: base.name }),
      ...(isResult && request.epoch !== undefined && { [CREATED]: created }),
      ...(isResult && pairs(request.annotations)),
    };
  }
}

/** `KEY=VALUE` each; without a value it is empty. */
function pairs(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const equals = text.indexOf('=');
      return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
    }),
  );
}

/** Whether containers of both would be the same. */
function sameImage(image: ImageConfig, wanted: ImageConfig, format: 'oci' | 'docker'): boolean {
  return comparable(image, format) === comparable(wanted, format);
}

function comparable({ author, architecture, os, config }: ImageConfig, format: 'oci' | 'docker'): string {
  const labels = Object.entries(config.labels).filter(([key]) => !identityLabels.has(key));
  const { onBuild, shell, healthcheck, exposedPorts, volumes, env, ...rest } = config;
  const dockerOnly = format === 'docker' ? [onBuild, shell, healthcheck] : [];
  return JSON.stringify([
    author,
    architecture,
    os,
    [env, exposedPorts, volumes].map((list) => list.toSorted()),
    { ...rest, labels: Object.fromEntries(labels.toSorted(([a], [b]) => (a < b ? -1 : 1))) },
    dockerOnly,
  ]);
}

function includes(
  present: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(wanted).every(([key, value]) => present[key] === value);
}
