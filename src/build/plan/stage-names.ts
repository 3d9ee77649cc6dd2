// Stages by the names and numbers others call them by.
import type { DockerfileStage } from '../dockerfile/instruction.js';
import { PlanError } from './plan-error.js';

/** Names are without case. Of several stages of a name, what stands behind them means the nearest, and the target is the first. */
export class StageNames {
  readonly #stages: readonly DockerfileStage[];
  readonly #indexes = new Map<string, number[]>();
  readonly #contexts: { has(name: string): boolean };

  /** `contexts`: names that are no stages, even if some are named so. */
  constructor(stages: readonly DockerfileStage[], contexts: { has(name: string): boolean }) {
    this.#stages = stages;
    this.#contexts = contexts;
    for (const { index, from } of stages) {
      if (from.as === undefined) continue;
      const indexes = this.#indexes.get(from.as);
      if (indexes === undefined) this.#indexes.set(from.as, [index]);
      else indexes.push(index);
    }
  }

  /** The index of the stage to build; the empty name is the last one. Throws {@link PlanError} if there is none. */
  target(name: string): number {
    if (name === '') return this.#stages.length - 1;
    const [first] = this.#indexes.get(name.toLowerCase()) ?? [];
    const index = first ?? (/^\d{1,9}$/.test(name) ? Number(name) : -1);
    if (this.#stages[index] === undefined) {
      throw new PlanError(`The target ${JSON.stringify(name)} was not found in the provided Dockerfile`);
    }
    return index;
  }

  /**
   * The stage that FROM means in the stage `before`; undefined for an image or a context. As for the peer, a number is the name of a stage
   * that has no other.
   */
  base(name: string, before: number): number | undefined {
    const stage = /^\d+$/.test(name) && Number(name) < before ? this.#stages[Number(name)] : undefined;
    if (stage === undefined || stage.from.as !== undefined) return this.#earlier(name, before);
    return this.#contexts.has(name) ? undefined : stage.index;
  }

  /**
   * The stage that `--from=name` means in the stage `index`; undefined for an image or a context. Throws {@link PlanError} for the stage
   * itself and those behind it, and for a number that no earlier stage has. `line` is the instruction's.
   */
  source(name: string, index: number, line: number): number | undefined {
    const earlier = this.#earlier(name, index);
    if (earlier !== undefined || this.#contexts.has(name)) return earlier;
    if (/^\d+$/.test(name)) {
      if (Number(name) < index) return Number(name);
      throw new PlanError(`--from=${name} on line ${line}: there is no stage ${name} before this one`);
    }
    const later = this.#indexes.get(name.toLowerCase());
    if (later === undefined) return undefined;
    const reason = later.includes(index) ? 'a stage cannot copy from itself' : 'that stage comes later';
    throw new PlanError(`--from=${name} on line ${line}: ${reason}`);
  }

  #earlier(name: string, before: number): number | undefined {
    if (this.#contexts.has(name)) return undefined;
    return this.#indexes.get(name.toLowerCase())?.findLast((index) => index < before);
  }
}
