// A build: its stages, those that do not wait for one another side by side, and the image of the target (build.md, Stages and target).
import { parsePlatform, type Platform } from '../oci/platform.js';
import { BuildLog, type LineSink } from './build-log.js';
import type { BuildRequest } from './build-request.js';
import type { BuildImage, BuildStore, LayerDraft } from './build-store.js';
import { InstructionError } from './errors.js';
import type { DockerfileStage } from './dockerfile/instruction.js';
import { parseDockerfile } from './dockerfile/parse-dockerfile.js';
import type { ImageDraft } from './image-draft.js';
import { platformArguments } from './plan/arguments.js';
import { planStages, type Plan, type PlannedStage } from './plan/plan-stages.js';
import type { LayerStack } from './root/root-tree.js';
import { StageBuilder, type StageContext, type StageResult } from './stage-builder.js';
import type { Workplaces } from './workplace.js';

/** What builds of one daemon have in common. */
export interface BuildParts {
  readonly store: BuildStore;
  readonly workplaces: Workplaces;
  /** This machine. */
  readonly platform: Platform;
  readonly version: string;
  /** Names in full. */
  readonly names: readonly string[];
}

/** Says when, whether the Dockerfile declares it or not. */
const EPOCH_ARGUMENT = 'SOURCE_DATE_EPOCH';

/**
 * Builds the target. Throws DockerfileError, {@link BuildError} with the step that failed, and the signal's reason. Returns after everything
 * that was not finished is undone.
 */
export async function build(
  asked: BuildRequest,
  parts: BuildParts,
  sink: LineSink,
  signal: AbortSignal,
): Promise<BuildImage> {
  // What is new is one layer only if no step has one of its own.
  const request = asked.squash ? { ...asked, layers: false } : asked;
  const dockerfile = parseDockerfile(request.dockerfile);
  const { buildArgs, target, allStages } = request;
  const platform = request.platform === '' ? parts.platform : parsePlatform(request.platform);
  const plan = planStages(dockerfile, {
    target,
    buildArgs,
    platform,
    buildPlatform: parts.platform,
    allStages,
    contexts: new Set([...request.contexts.keys(), ...(request.images?.keys() ?? [])]),
  });
  const log = new BuildLog(sink, { newer: request.newStepLines, stages: plan.stages.length });
  const running = new RunningBuild(request, parts, plan, platform, log, signal);
  const { image, draft } = await running.finish(dockerfile.escape);
  warn(log, request, plan, draft);
  log.done(image.id, parts.names);
  return image;
}

class RunningBuild {
  readonly #request: BuildRequest;
  readonly #parts: BuildParts;
  readonly #plan: Plan;
  readonly #platform: Platform;
  readonly #log: BuildLog;
  /** Raised when one stage fails, too: the others are of no use then. */
  readonly #failed = new AbortController();
  readonly #signal: AbortSignal;
  readonly #layers: LayerDraft[] = [];
  readonly #results = new Map<number, Promise<StageResult>>();

  constructor(
    request: BuildRequest,
    parts: BuildParts,
    plan: Plan,
    platform: Platform,
    log: BuildLog,
    signal: AbortSignal,
  ) {
    this.#request = request;
    this.#parts = parts;
    this.#plan = plan;
    this.#platform = platform;
    this.#log = log;
    this.#signal = AbortSignal.any([signal, this.#failed.signal]);
  }

  async finish(escape: string): Promise<{ readonly image: BuildImage; readonly draft: ImageDraft }> {
    const { stages } = this.#plan;
    try {
      for (const [index, planned] of stages.entries()) {
        const result = this.#stage(planned, index + 1, escape);
        result.catch((error: unknown) => this.#failed.abort(error));
        this.#results.set(planned.stage.index, result);
      }
      const all = await Promise.allSettled(this.#results.values());
      this.#signal.throwIfAborted();
      const failure = all.find((each) => each.status === 'rejected');
      if (failure !== undefined) throw failure.reason;
      const { image, draft } = await this.#result(this.#plan.target);
      return { image: image as BuildImage, draft };
    } finally {
      await Promise.allSettled(this.#results.values());
      await Promise.all(this.#layers.map((layer) => layer.discard()));
    }
  }

  async #stage(planned: PlannedStage, number: number, escape: string): Promise<StageResult> {
    const { stages, target, targetName, globals } = this.#plan;
    const { base, stage } = planned;
    const isTarget = stage.index === target;
    const isBase = stages.some(({ base: other }) => other.kind === 'stage' && other.index === stage.index);
    // They are begun in the order of the file, so that whatever this one waits for has begun.
    await Promise.all(planned.dependencies.map((index) => this.#result(index)));
    this.#signal.throwIfAborted();
    const platform = planned.platform === '' ? this.#platform : parsePlatform(planned.platform);
    const earlier = base.kind === 'stage' ? await this.#result(base.index) : undefined;
    const image =
      base.kind === 'image' ? await this.#parts.store.image(base.name, planned.platform) : earlier?.image;
    const { buildArgs } = this.#request;
    const context: StageContext = {
      request: this.#request,
      store: this.#parts.store,
      names: this.#parts.names,
      version: this.#parts.version,
      workplaces: this.#parts.workplaces,
      log: this.#log,
      variables: {
        buildArgs,
        globals,
        platform: platformArguments(platform, this.#parts.platform, targetName),
        escape,
      },
      lookup: {
        request: this.#request,
        store: this.#parts.store,
        earlierStage: async (name) => await this.#earlierStack(name, stage),
      },
      signal: this.#signal,
      now: () => this.#now(),
      keep: (layer) => this.#layers.push(layer),
    };
    const role = { number, isTarget, isBase, platform, base: earlier };
    return await new StageBuilder(context, planned, role, image).build();
  }

  /** The root of the earlier stage that a name, or a number, means in this one. */
  async #earlierStack(name: string, { index, from }: DockerfileStage): Promise<LayerStack | undefined> {
    const found = this.#plan.names.source(name, index, from.line);
    return found === undefined ? undefined : (await this.#result(found)).stack;
  }

  #result(index: number): Promise<StageResult> {
    const result = this.#results.get(index);
    if (result === undefined)
      throw new InstructionError(`stage ${index} is not built: nothing in the file itself needs it`);
    return result;
  }

  #now(): string {
    const { epoch } = this.#request;
    return (epoch === undefined ? new Date() : new Date(epoch * 1000)).toISOString();
  }
}

/** What somebody who built this may want to know. */
function warn(log: BuildLog, { format }: BuildRequest, { undeclared }: Plan, draft: ImageDraft): void {
  const unused = undeclared.filter((name) => name !== EPOCH_ARGUMENT);
  if (unused.length > 0) {
    log.warnOnce(`one or more build args were not consumed: [${unused.join(' ')}]`);
  }
  if (format === 'docker') return;
  const lost = [
    ...(draft.shell.length > 0 ? ['SHELL'] : []),
    ...(draft.healthcheck === undefined ? [] : ['HEALTHCHECK']),
    ...(draft.onBuild.length > 0 ? ['ONBUILD'] : []),
  ];
  for (const name of lost) {
    log.warnOnce(`${name} is not supported for OCI image format and is left out: use the format docker`);
  }
}
