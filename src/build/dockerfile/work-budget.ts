// Bounds what substitutions may cost together: values grow by being put into one another, and patterns are tried everywhere.
import { SubstitutionError } from './substitution-error.js';

/** Of one instruction: some 30 ms of the thread that serves everybody. */
const defaultSteps = 1024 * 1024;

/** Steps are characters looked at or written. */
export class WorkBudget {
  #left: number;

  constructor(steps = defaultSteps) {
    this.#left = steps;
  }

  /** Throws {@link SubstitutionError} when nothing is left. */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new SubstitutionError('the substitutions take too long');
  }
}
