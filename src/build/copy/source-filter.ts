// Which paths of a source are left out: by the ignore file of the context, and by `--exclude`.
import { printable } from '../../sys/files.js';
import { IgnoreRules } from '../ignore/ignore-rules.js';
import { parseIgnore } from '../ignore/parse-ignore.js';
import type { CopySource } from './copy-request.js';

/** Paths are latin1: `path` from the root of the source, `below` from the directory that was named in the instruction. */
export class SourceFilter {
  readonly #ignore: IgnoreRules | undefined;
  readonly #exclude: IgnoreRules | undefined;

  /** The ignore file holds for the context alone. Throws IgnoreError for a pattern that is none. */
  constructor(source: CopySource, excludes: readonly string[]) {
    const ignore = source.kind === 'context' ? source.ignore : [];
    this.#ignore = ignore.length === 0 ? undefined : new IgnoreRules(ignore);
    // What looks like a comment is none here.
    const lines = excludes.map((exclude) => exclude.replace(/^\s*#/, '\\#'));
    this.#exclude = lines.length === 0 ? undefined : new IgnoreRules(parseIgnore(lines.join('\n')));
  }

  leavesOut(path: string, below: string): boolean {
    return (
      (this.#ignore?.ignores(printable(path)) ?? false) || (this.#exclude?.ignores(printable(below)) ?? false)
    );
  }

  /** Whether anything below a directory that is left out may be kept. */
  mayHoldKept(path: string, below: string): boolean {
    return (
      (this.#ignore?.mayHoldKept(printable(path)) ?? true) &&
      (this.#exclude?.mayHoldKept(printable(below)) ?? true)
    );
  }

  /** A file that is named itself: `--exclude` knows it by its last name. */
  leavesOutFile(path: string, name: string): boolean {
    return this.leavesOutDirectory(path) || (this.#exclude?.ignores(printable(name)) ?? false);
  }

  /** A directory that is named itself, not yet what is in it: that alone is what `--exclude` is about. */
  leavesOutDirectory(path: string): boolean {
    return path !== '' && (this.#ignore?.ignores(printable(path)) ?? false);
  }

  /** Whether such a directory is gone into. */
  leadsInto(path: string): boolean {
    return this.#ignore?.mayHoldKept(printable(path)) ?? true;
  }
}
