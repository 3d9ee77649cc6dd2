// Build arguments before the first FROM, and those of the request that no ARG declares (build.md, Variables).
import type { Platform } from '../../oci/platform.js';
import { expandWord } from '../dockerfile/expand.js';
import type { Scope } from '../dockerfile/expand.js';
import type { Dockerfile, DockerfileStage } from '../dockerfile/instruction.js';
import type { WorkBudget } from '../dockerfile/work-budget.js';
import { platformArguments, predefinedArguments } from './arguments.js';
import { triggeredSteps } from './stage-references.js';

interface GlobalOptions {
  readonly target: string;
  readonly platform: Platform;
  readonly buildPlatform: Platform;
  readonly buildArgs: ReadonlyMap<string, string>;
}

export interface GlobalArguments {
  /** Only those that have a value. */
  readonly globals: ReadonlyMap<string, string>;
  /** What FROM lines see: them, and the platforms. */
  readonly scope: Scope;
  /** What TARGETSTAGE is, empty for a target without a name. */
  readonly targetName: string;
}

/** A plain ARG there takes the request's value, then the platform's; a default takes precedence over the platform's. */
export function globalArguments(
  { globals, stages, escape }: Dockerfile,
  { target, platform, buildPlatform, buildArgs }: GlobalOptions,
  budget: WorkBudget,
): GlobalArguments {
  const targetName = target === '' ? lastName(stages) : target;
  const platforms = platformArguments(platform, buildPlatform, targetName);
  const declared = new Map<string, string>();
  const get = (name: string): string | undefined =>
    declared.get(name) ?? (platforms.has(name) ? (buildArgs.get(name) ?? platforms.get(name)) : undefined);
  const scope: Scope = { escape, get };
  for (const { args } of globals) {
    // The arguments of one line do not see each other's, as ENV's do not.
    const values = args.map(
      ({ name, value }) =>
        [
          name,
          buildArgs.get(name) ?? (value === undefined ? get(name) : expandWord(value, scope, budget)),
        ] as const,
    );
    for (const [name, value] of values) if (value !== undefined) declared.set(name, value);
  }
  return { globals: declared, scope, targetName };
}

/** Empty also for one that has variables: it may be made of what it is asked for. */
function lastName(stages: readonly DockerfileStage[]): string {
  const name = stages.at(-1)?.from.as ?? '';
  return name.includes('$') ? '' : name;
}

/** Sorted. */
export function undeclaredArguments(
  { globals, stages, escape }: Dockerfile,
  buildArgs: ReadonlyMap<string, string>,
): readonly string[] {
  const steps = [
    ...globals,
    ...stages.flatMap((stage) => [...stage.steps, ...triggeredSteps(stage.steps, escape)]),
  ];
  const declared = new Set(
    steps.flatMap((step) => (step.kind === 'arg' ? step.args.map(({ name }) => name) : [])),
  );
  return [...buildArgs.keys()]
    .filter((name) => !declared.has(name) && !predefinedArguments.has(name) && name !== 'SOURCE_DATE_EPOCH')
    .toSorted();
}
