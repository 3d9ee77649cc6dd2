// Carries out the instructions of one stage, each as an image of its own or all of them as one (build.md, Layers, history and cache).
import type { Platform } from '../oci/platform.js';
import { applyInstruction } from './apply-instruction.js';
import type { BuildLog } from './build-log.js';
import type { BuildImage } from './build-store.js';
import { copyRequest } from './copy-step.js';
import { copyCreatedBy, createdByNothing, plainCreatedBy, runCreatedBy } from './created-by.js';
import { expandWord } from './dockerfile/expand.js';
import type { CopyInstruction, RunInstruction, StepInstruction } from './dockerfile/instruction.js';
import { parseInstruction } from './dockerfile/parse-dockerfile.js';
import { BuildError } from './errors.js';
import { ImageDraft } from './image-draft.js';
import type { PlannedStage } from './plan/plan-stages.js';
import { labelSteps } from './request-labels.js';
import type { LayerStack } from './root/root-tree.js';
import { performRun, prepareRun } from './run-instruction.js';
import { StageImage, type CommitContext } from './stage-image.js';
import { StageRoot, type RootContext } from './stage-root.js';
import { stackOf, type SourceLookup } from './stage-source.js';
import { StageVariables, type BuildVariables } from './stage-variables.js';
import type { Workplace } from './workplace.js';

/** What a finished stage leaves to others. */
export interface StageResult {
  readonly variables: StageVariables;
  readonly draft: ImageDraft;
  /** Absent where nobody needs more than its files, and of an empty one. */
  readonly image: BuildImage | undefined;
  readonly stack: LayerStack;
}

/** What all stages of a build have in common. */
export interface StageContext extends CommitContext, RootContext {
  readonly log: BuildLog;
  readonly variables: BuildVariables;
  readonly lookup: SourceLookup;
}

/** What this stage is among the others. */
export interface StageRole {
  /** Counted from 1, among those that run. */
  readonly number: number;
  readonly isTarget: boolean;
  /** Another stage begins with it. */
  readonly isBase: boolean;
  readonly platform: Platform;
  /** The stage it begins with, and then its image. */
  readonly base: StageResult | undefined;
}

/** A step whose text in the history is known. */
interface PreparedStep {
  readonly createdBy: string;
  /** What it does to files; undefined for a step that makes no layer. */
  readonly perform: ((workplace: Workplace) => Promise<void>) | undefined;
}

export class StageBuilder {
  readonly #context: StageContext;
  readonly #planned: PlannedStage;
  readonly #role: StageRole;
  readonly #draft: ImageDraft;
  readonly #variables: StageVariables;
  readonly #image: StageImage;
  readonly #root: StageRoot;
  readonly #onBuild: readonly string[];
  /** Behind the step that is carried out. */
  #runsLater = false;
  /** Every step so far was there. */
  #cached: boolean;

  /** `image`: what FROM names; undefined for `scratch`. */
  constructor(context: StageContext, planned: PlannedStage, role: StageRole, image: BuildImage | undefined) {
    this.#context = context;
    this.#planned = planned;
    this.#role = role;
    this.#draft = role.base?.draft.copy() ?? new ImageDraft(image?.config, role.platform);
    this.#variables = new StageVariables(context.variables, this.#draft, role.base?.variables);
    this.#image = new StageImage(context, this.#draft, image);
    this.#root = new StageRoot(context);
    this.#onBuild = role.base?.draft.onBuild ?? image?.config.config.onBuild ?? [];
    this.#cached = context.request.layers && context.request.useCache;
  }

  /** Throws {@link BuildError}, and the signal's reason. */
  async build(): Promise<StageResult> {
    try {
      const { log, request, variables, signal } = this.#context;
      const { escape } = variables;
      const triggers = this.#onBuild.map((text) => parseInstruction(text, escape));
      const labels = this.#role.isTarget ? labelSteps(request.labels, escape) : [];
      const steps = [...triggers, ...this.#planned.stage.steps, ...labels];
      const place = { stage: this.#role.number, count: steps.length + 1 };
      log.step(this.#fromText(), { ...place, number: 1 });
      for (const [index, step] of steps.entries()) {
        signal.throwIfAborted();
        log.step(step.original, { ...place, number: index + 2 });
        this.#runsLater = steps.slice(index + 1).some(({ kind }) => kind === 'run');
        await this.#step(step, index === steps.length - 1);
      }
      if (steps.length === 0) await this.#commitEmpty();
      if (this.#flattens) await this.#flatten();
      return await this.#result();
    } finally {
      await this.#root[Symbol.asyncDispose]();
    }
  }

  /** The last step makes what was asked for. */
  get #givesResult(): boolean {
    return this.#role.isTarget && !this.#flattens;
  }

  get #flattens(): boolean {
    return this.#role.isTarget && this.#context.request.squashAll;
  }

  #fromText(): string {
    const { base, stage } = this.#planned;
    const { image, as } = stage.from;
    const name = base.kind === 'image' ? base.name : image;
    return as === undefined ? `FROM ${name}` : `FROM ${name} AS ${as}`;
  }

  async #step(step: StepInstruction, last: boolean): Promise<void> {
    try {
      if (this.#context.request.layers) await this.#layeredStep(step, last && this.#givesResult);
      else await this.#singleStep(step, last);
    } catch (error) {
      this.#context.signal.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      const status = error instanceof BuildError ? error.status : 0;
      throw new BuildError(`building at STEP "${step.original}": ${reason}`, status, { cause: error });
    }
  }

  /** Each instruction is an image, if only for the cache. */
  async #layeredStep(step: StepInstruction, isResult: boolean): Promise<void> {
    const { log } = this.#context;
    const { createdBy, perform } = await this.#prepare(step);
    const addsLayer = perform !== undefined;
    const hit = this.#cached
      ? await this.#image.findCached(createdBy, addsLayer, this.#role.platform, isResult)
      : undefined;
    if (hit !== undefined) {
      if (addsLayer) await this.#root.drop();
      this.#image.reuse(hit);
      log.cached(hit.id);
      if (isResult) this.#logCommit();
      if (isResult) await this.#image.finishCached();
    } else {
      // Nothing behind a step that is new can be there.
      this.#cached = false;
      await perform?.(await this.#root.mounted(this.#stack));
      if (isResult) this.#logCommit();
      await this.#image.commit(
        createdBy,
        addsLayer ? await this.#root.take(this.#stack) : undefined,
        isResult,
      );
    }
    log.made(this.#image.current?.id ?? '');
  }

  /** One layer for all instructions, committed with the last one. */
  async #singleStep(step: StepInstruction, last: boolean): Promise<void> {
    const { isTarget, isBase } = this.#role;
    const { createdBy, perform } = await this.#prepare(step);
    await perform?.(await this.#root.mounted(this.#stack));
    if (!last || this.#flattens || !(isTarget || isBase)) {
      this.#image.note(createdBy);
      return;
    }
    if (this.#givesResult) this.#logCommit();
    const made = await this.#root.take(this.#stack);
    this.#context.log.made((await this.#image.commit(createdBy, made, this.#givesResult)).id);
  }

  /** There is nothing but FROM: the base is the result, unless the request adds to it or there is none. */
  async #commitEmpty(): Promise<void> {
    const { log } = this.#context;
    const { isTarget } = this.#role;
    if (this.#givesResult) this.#logCommit();
    if (this.#image.current === undefined) {
      await this.#root.mounted(this.#stack);
      await this.#image.commit(createdByNothing, await this.#root.take(this.#stack), this.#givesResult);
    } else if (isTarget && !this.#flattens) {
      await this.#image.finishCached();
    }
    if (this.#givesResult) log.made(this.#image.current?.id ?? '');
  }

  async #flatten(): Promise<void> {
    this.#logCommit();
    // The one layer of all steps is not in the image yet.
    if (!this.#context.request.layers) await this.#root.mounted(this.#stack);
    const { stack } = await this.#result();
    const { id } = await this.#image.flattened(await this.#root.flattened(stack));
    this.#context.log.made(id);
  }

  async #result(): Promise<StageResult> {
    const upper = await this.#root.leave();
    const { lowers } = this.#stack;
    const stack = { lowers: upper === undefined ? lowers : [upper, ...lowers] };
    return { variables: this.#variables, draft: this.#draft, image: this.#image.current, stack };
  }

  /** The image so far, as it is mounted. */
  get #stack(): LayerStack {
    return stackOf(this.#image.current?.layers ?? []);
  }

  #logCommit(): void {
    const { log, request } = this.#context;
    log.commit(request.names[0] ?? '');
  }

  async #prepare(step: StepInstruction): Promise<PreparedStep> {
    if (step.kind === 'run') return await this.#prepareRun(step);
    if (isCopy(step)) return await this.#prepareCopy(step);
    applyInstruction(step, this.#draft, this.#variables);
    if (step.kind === 'workdir') {
      const { workingDir, user } = this.#draft;
      this.#root.want(workingDir, user);
    }
    // As the peer has it: commands find the directories of volumes.
    if (step.kind === 'volume' && this.#runsLater)
      for (const path of this.#draft.volumes) this.#root.want(path, '');
    return { createdBy: plainCreatedBy(step, this.#variables), perform: undefined };
  }

  async #prepareCopy(step: CopyInstruction): Promise<PreparedStep> {
    const { lookup, request } = this.#context;
    const copy = await copyRequest(lookup, step, {
      scope: this.#variables.scope(),
      workingDir: this.#draft.workingDir,
      latest: request.rewriteTimestamps ? request.epoch : undefined,
    });
    return {
      createdBy: copyCreatedBy(step, await this.#root.digest(copy, this.#stack)),
      perform: async (mounted) => await mounted.copy(copy),
    };
  }

  async #prepareRun(step: RunInstruction): Promise<PreparedStep> {
    const { lookup, log } = this.#context;
    const scope = this.#variables.scope();
    const { request, digests } = await prepareRun(lookup, step, {
      draft: this.#draft,
      variables: this.#variables,
      expand: (raw) => expandWord(raw, scope),
      digestOf: async (source, path) => await (await this.#root.workplace()).digestOf(source, path),
    });
    return {
      createdBy: runCreatedBy(step, this.#variables, digests),
      perform: async (mounted) => await performRun(mounted, request, log),
    };
  }
}

function isCopy(step: StepInstruction): step is CopyInstruction {
  return step.kind === 'copy' || step.kind === 'add';
}
