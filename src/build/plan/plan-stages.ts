// Which stages a build needs, and what they stand on (build.md, Stages and target).
import { PlatformNameError, parsePlatform } from '../../oci/platform.js';
import type { Platform } from '../../oci/platform.js';
import { expandWord } from '../dockerfile/expand.js';
import type { Scope } from '../dockerfile/expand.js';
import type { Dockerfile, DockerfileStage, StepInstruction } from '../dockerfile/instruction.js';
import { checkedStageName } from '../dockerfile/stage-name.js';
import { WorkBudget } from '../dockerfile/work-budget.js';
import { globalArguments, undeclaredArguments } from './global-arguments.js';
import { PlanError } from './plan-error.js';
import { StageNames } from './stage-names.js';
import { stageReferences, triggeredSteps } from './stage-references.js';

export interface PlanOptions {
  /** A stage by name, or by number; empty for the last one. */
  readonly target: string;
  readonly buildArgs: ReadonlyMap<string, string>;
  /** For what the image is made. */
  readonly platform: Platform;
  /** What makes it. */
  readonly buildPlatform: Platform;
  /** Runs all stages up to the target, needed or not. */
  readonly allStages: boolean;
  /** Names that stand for other contexts, whatever stages are named so. */
  readonly contexts?: { has(name: string): boolean };
}

export type StageBase =
  | { readonly kind: 'scratch' }
  | { readonly kind: 'stage'; readonly index: number }
  /** Or a context of that name. */
  | { readonly kind: 'image'; readonly name: string };

export interface PlannedStage {
  readonly stage: DockerfileStage;
  readonly base: StageBase;
  /** `os/architecture[/variant]`; empty where FROM does not say. */
  readonly platform: string;
  /** Indexes of stages that must be done before, ascending. */
  readonly dependencies: readonly number[];
}

export interface Plan {
  /** Those that are needed, in the order of the file; the target is the last. */
  readonly stages: readonly PlannedStage[];
  /** The index of the target in the file. */
  readonly target: number;
  /** What TARGETSTAGE is, empty for a target without a name. */
  readonly targetName: string;
  /** The values of the ARGs before the first FROM; of those that have none, nothing. */
  readonly globals: ReadonlyMap<string, string>;
  /** Of the request's arguments those that nothing declares, sorted. */
  readonly undeclared: readonly string[];
  /** For what `--from` and `--mount=…from=` name; throws {@link PlanError} as the plan itself does. */
  readonly names: StageNames;
}

// Stages that may need all others would fill the memory with that.
const mostStages = 500;

/** Throws {@link PlanError} for what cannot be built, before anything is. DockerfileError and SubstitutionError of what it reads pass. */
export function planStages(dockerfile: Dockerfile, options: PlanOptions): Plan {
  if (dockerfile.stages.length > mostStages) {
    throw new PlanError(`the file has more than ${mostStages} stages`);
  }
  // One for all of the substitutions: they are done at once.
  const budget = new WorkBudget();
  const { globals, scope, targetName } = globalArguments(dockerfile, options, budget);
  const stages = dockerfile.stages.map((stage) => withKnownName(stage, scope, budget));
  const names = new StageNames(stages, options.contexts ?? new Set());
  const target = names.target(options.target);
  const planned = new Map<number, PlannedStage>();
  const needed = new Set([target]);
  // Nothing needs what comes later, so one way back through the file finds all.
  for (let index = target; index >= 0; index -= 1) {
    if (!options.allStages && !needed.has(index)) continue;
    const stage = planStage(stages, stages[index]!, names, scope, budget);
    planned.set(index, stage);
    for (const dependency of stage.dependencies) needed.add(dependency);
  }
  return {
    stages: [...planned.values()].toReversed(),
    target,
    targetName,
    globals,
    undeclared: undeclaredArguments(dockerfile, options.buildArgs),
    names,
  };
}

/** Newer builders than the peer put variables into the names of stages. */
function withKnownName(stage: DockerfileStage, scope: Scope, budget: WorkBudget): DockerfileStage {
  const { from } = stage;
  if (!from.as?.includes('$')) return stage;
  const as = checkedStageName(expandWord(from.as, scope, budget), (reason) => {
    throw new PlanError(`FROM on line ${from.line}: ${reason}`);
  });
  return { ...stage, from: { ...from, ...(as !== undefined && { as }) } };
}

function planStage(
  stages: readonly DockerfileStage[],
  stage: DockerfileStage,
  names: StageNames,
  scope: Scope,
  budget: WorkBudget,
): PlannedStage {
  const { from, index, steps } = stage;
  const { escape } = scope;
  const base = baseOf(stage, names, scope, budget);
  const triggers = base.kind === 'stage' ? triggeredSteps(stages[base.index]!.steps, escape) : [];
  const dependencies = new Set(base.kind === 'stage' ? [base.index] : []);
  for (const step of [...triggers, ...steps]) {
    for (const dependency of dependenciesOf(step, index, names, escape, budget)) dependencies.add(dependency);
  }
  return {
    stage,
    base,
    platform: from.platform === undefined ? '' : platformOf(stage, scope, budget),
    dependencies: [...dependencies].toSorted((a, b) => a - b),
  };
}

function dependenciesOf(
  step: StepInstruction,
  index: number,
  names: StageNames,
  escape: string,
  budget: WorkBudget,
): readonly number[] {
  const { names: sources, isOpen } = stageReferences(step, escape, budget);
  const known = sources.map((name) => names.source(name, index, step.line));
  return isOpen
    ? Array.from({ length: index }, (_, earlier) => earlier)
    : known.filter((at) => at !== undefined);
}

function baseOf(
  { from, index }: DockerfileStage,
  names: StageNames,
  scope: Scope,
  budget: WorkBudget,
): StageBase {
  const name = expandWord(from.image, scope, budget);
  if (name === '')
    throw new PlanError(`FROM on line ${from.line}: base name (${from.image}) should not be blank`);
  if (name === 'scratch') return { kind: 'scratch' };
  const earlier = names.base(name, index);
  return earlier === undefined ? { kind: 'image', name } : { kind: 'stage', index: earlier };
}

function platformOf({ from }: DockerfileStage, scope: Scope, budget: WorkBudget): string {
  const text = expandWord(from.platform ?? '', scope, budget).toLowerCase();
  try {
    parsePlatform(text);
  } catch (error) {
    if (!(error instanceof PlatformNameError)) throw error;
    throw new PlanError(`FROM on line ${from.line}: ${error.message}`, { cause: error });
  }
  return text;
}
