// Which files of a context are left out (build.md, Ignore files).
import { IgnorePattern } from './ignore-pattern.js';

/** The patterns of an ignore file, or of `--exclude`. Paths are text, relative to where the patterns hold, without a slash in front. */
export class IgnoreRules {
  readonly #patterns: readonly IgnorePattern[];

  /** As `parseIgnore` gives them. Throws IgnoreError for one that cannot be understood. */
  constructor(patterns: readonly string[]) {
    this.#patterns = patterns.map((pattern) => new IgnorePattern(pattern));
  }

  /** The last pattern that matches the path, or a directory it is in, decides. */
  ignores(path: string): boolean {
    const index = this.#lastMatch(path);
    return index >= 0 && !this.#patterns[index]!.isException;
  }

  /** Whether anything in the directory may be kept; if not, nobody needs to look into it. */
  mayHoldKept(directory: string): boolean {
    const index = this.#lastMatch(directory);
    if (index < 0 || this.#patterns[index]!.isException) return true;
    // What matches the directory matches everything in it: only exceptions further down can take that back.
    return this.#patterns
      .slice(index + 1)
      .some((pattern) => pattern.isException && pattern.mayMatchIn(directory));
  }

  #lastMatch(path: string): number {
    return this.#patterns.findLastIndex((pattern) => pattern.matches(path));
  }
}
