// What a step takes from other stages: `--from` and `--mount=…from=`.
import { expandWord } from '../dockerfile/expand.js';
import type { RawText, StepInstruction } from '../dockerfile/instruction.js';
import { parseInstruction } from '../dockerfile/parse-dockerfile.js';
import type { WorkBudget } from '../dockerfile/work-budget.js';

export interface StageReferences {
  /** As written, without quotes: stages by name or number, images, contexts. */
  readonly names: readonly string[];
  /** There are some that depend on variables. */
  readonly isOpen: boolean;
}

// Stands for what a variable may be, and is nothing that a name may have; long enough that no pattern takes all of it by accident.
const unknown = '\0'.repeat(64);

/** Throws SubstitutionError for quotes and braces that are not closed. */
export function stageReferences(step: StepInstruction, escape: string, budget?: WorkBudget): StageReferences {
  const scope = { escape, get: () => unknown };
  const names = sourcesOf(step, (raw) => expandWord(raw, scope, budget)).filter((name) => name !== '');
  return {
    names: names.filter((name) => !name.includes('\0')),
    isOpen: names.some((name) => name.includes('\0')),
  };
}

/** The steps that a stage makes those do that are based on it. Throws DockerfileError. */
export function triggeredSteps(
  steps: readonly StepInstruction[],
  escape: string,
): readonly StepInstruction[] {
  return steps.flatMap((step) =>
    step.kind === 'onbuild' ? [parseInstruction(step.text, escape, step.line)] : [],
  );
}

function sourcesOf(step: StepInstruction, expand: (raw: RawText) => string): readonly string[] {
  if (step.kind === 'copy' && step.from !== undefined) return [expand(step.from)];
  return step.kind === 'run' ? step.mounts.flatMap((mount) => mountSources(expand(mount))) : [];
}

/** The values of `from`, and fields that a variable may make one. */
function mountSources(mount: string): readonly string[] {
  return mount.split(',').flatMap((field) => {
    const [key = '', ...value] = field.split('=');
    if (key.includes('\0')) return [key];
    return key.trim() === 'from' ? [value.join('=')] : [];
  });
}
