// The file system of a stage while its steps change it: a workplace, and the layer that takes the changes.
import type { BuildRequest } from './build-request.js';
import type { BuildStore, LayerDraft } from './build-store.js';
import type { CopyRequest } from './copy/copy-request.js';
import { needsRoot } from './copy/destination.js';
import type { LayerStack } from './root/root-tree.js';
import type { MadeLayer } from './stage-image.js';
import type { Workplace, Workplaces } from './workplace.js';

export interface RootContext {
  readonly request: BuildRequest;
  readonly store: BuildStore;
  readonly workplaces: Workplaces;
  readonly signal: AbortSignal;
  /** Remembers what is to be discarded when the build ends. */
  readonly keep: (layer: LayerDraft) => void;
}

interface WantedDirectory {
  readonly path: string;
  readonly user: string;
}

/** Nothing is opened before it is needed: a stage that is cached as a whole may need nothing. */
export class StageRoot implements AsyncDisposable {
  readonly #context: RootContext;
  /** Directories that WORKDIR wants. */
  #wanted: WantedDirectory[] = [];
  #workplace: Workplace | undefined;
  /** Mounted in the workplace. */
  #layer: LayerDraft | undefined;

  constructor(context: RootContext) {
    this.#context = context;
  }

  async workplace(): Promise<Workplace> {
    this.#workplace ??= await this.#context.workplaces.open(this.#context.signal);
    return this.#workplace;
  }

  /** Has a directory made in the next layer, owned by `user`, if it is not there. */
  want(path: string, user: string): void {
    this.#wanted.push({ path, user });
  }

  /** With a layer on top of `stack`, which holds the directories that are wanted. */
  async mounted(stack: LayerStack): Promise<Workplace> {
    const workplace = await this.workplace();
    if (this.#layer === undefined) {
      const layer = await this.#newLayer();
      const { upper, work, merged } = layer;
      await workplace.mount({ ...stack, upper, work, merged });
      this.#layer = layer;
    }
    const wanted = this.#wanted;
    this.#wanted = [];
    for (const { path, user } of wanted) await workplace.makeDirectory(path, user);
    return workplace;
  }

  /** What `request` would copy to the top of `stack`, as the history has it. */
  async digest(request: CopyRequest, stack: LayerStack): Promise<string> {
    const workplace = await this.workplace();
    if (!needsRoot(request)) return await workplace.digest(request);
    // What is mounted may have more in it than the stack.
    const changed = this.#layer !== undefined || this.#wanted.length > 0;
    if (changed) return await (await this.mounted(stack)).digest(request);
    return await workplace.digest(request, stack);
  }

  /** Forgets the layer and what was wanted in it: it is there already. */
  async drop(): Promise<void> {
    this.#wanted = [];
    const upper = await this.leave();
    if (upper === undefined) return;
    await this.#layer?.discard();
    this.#layer = undefined;
  }

  /** The layer, ready for the store; the next one begins empty. */
  async take(stack: LayerStack): Promise<MadeLayer> {
    const workplace = await this.mounted(stack);
    const draft = this.#layer as LayerDraft;
    await workplace.unmount();
    this.#layer = undefined;
    return await this.#packed(workplace, draft);
  }

  /** A layer with all that is seen of `stack`. */
  async flattened(stack: LayerStack): Promise<MadeLayer> {
    const workplace = await this.workplace();
    const draft = await this.#newLayer();
    await workplace.flatten(stack, draft.upper);
    return await this.#packed(workplace, draft);
  }

  /** The directory with the changes that were not taken, which nothing more can change; undefined if there are none. */
  async leave(): Promise<string | undefined> {
    if (this.#layer === undefined) return undefined;
    await this.#workplace?.unmount();
    return this.#layer.upper;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#workplace?.[Symbol.asyncDispose]();
  }

  async #newLayer(): Promise<LayerDraft> {
    const layer = await this.#context.store.newLayer();
    this.#context.keep(layer);
    return layer;
  }

  async #packed(workplace: Workplace, draft: LayerDraft): Promise<MadeLayer> {
    const { rewriteTimestamps, epoch } = this.#context.request;
    const latest = rewriteTimestamps ? epoch : undefined;
    const { upper: directory, tarSplitPath } = draft;
    const request = { directory, tarSplitPath, ...(latest !== undefined && { latest }) };
    return { draft, packed: await workplace.pack(request) };
  }
}
