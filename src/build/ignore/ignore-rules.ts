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

  /**
   * Whether anything in the directory is looked at; if not, nobody needs to go into it. As for the peers, what is left out is
   * gone into on the way that an exception spells out: `!a/*` leads into `a`, `!?/b` leads nowhere.
   */
  mayHoldKept(directory: string): boolean {
    const index = this.#lastMatch(directory);
    if (index < 0 || this.#patterns[index]!.isException) return true;
    // What matches the directory matches everything in it: only later exceptions can take that back.
    if (!this.#patterns.some((pattern, place) => place > index && pattern.isException)) return false;
    return this.#patterns.some((pattern) => pattern.isException && pattern.leadsInto(directory));
  }

  #lastMatch(path: string): number {
    return this.#patterns.findLastIndex((pattern) => pattern.matches(path));
  }
}
