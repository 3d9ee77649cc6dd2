// Stops an archive that unzips to far more than any real one does.
import { LayerLimitError } from './errors.js';
import type { LayerLimits } from './limits.js';

/** Compares what came out with what went in. */
export class RatioGuard {
  readonly #limits: Pick<LayerLimits, 'ratio' | 'ratioFloor'>;

  constructor(limits: Pick<LayerLimits, 'ratio' | 'ratioFloor'>) {
    this.#limits = limits;
  }

  /** Bytes so far. Throws {@link LayerLimitError}. */
  check(uncompressed: number, compressed: number): void {
    const { ratio, ratioFloor } = this.#limits;
    if (uncompressed <= ratioFloor || uncompressed <= ratio * compressed) return;
    throw new LayerLimitError(`the layer unzips to more than ${ratio} times its size`);
  }
}
