// Patterns in `${name#pattern}` and its like: `*` and `?`, which take any characters.
import { SubstitutionError } from './substitution-error.js';
import type { WorkBudget } from './work-budget.js';

const any = Symbol('any character');

/** What stands between stars. */
type Segment = readonly (string | typeof any)[];

/** A pattern. Values are arrays of characters, so that `?` takes whole ones. Never tries a star twice. */
export class ShellGlob {
  readonly #segments: readonly Segment[];
  readonly #budget: WorkBudget;

  private constructor(segments: readonly Segment[], budget: WorkBudget) {
    this.#segments = segments;
    this.#budget = budget;
  }

  /** Throws {@link SubstitutionError} for an escape before what needs none. */
  static parse(pattern: string, escape: string, budget: WorkBudget): ShellGlob {
    budget.spend(pattern.length);
    return new ShellGlob(parseSegments(pattern, escape), budget);
  }

  /** How much of the value's start it matches, the shortest or the longest; undefined if none. */
  prefix(value: readonly string[], longest: boolean): number | undefined {
    return this.#match(value, 0, longest);
  }

  /** Where the shortest or longest end of the value begins that it matches. */
  suffix(value: readonly string[], longest: boolean): number | undefined {
    this.#budget.spend(value.length);
    const reversed = this.#segments.map((segment) => segment.toReversed()).toReversed();
    const length = new ShellGlob(reversed, this.#budget).#match(value.toReversed(), 0, longest);
    return length === undefined ? undefined : value.length - length;
  }

  /** The leftmost, then longest piece at or behind `from`. */
  find(value: readonly string[], from: number): readonly [number, number] | undefined {
    const start = this.#search(value, this.#segments[0] ?? [], from);
    if (start === undefined) return undefined;
    // What begins further left has the most room: if it does not match, nothing else does.
    const end = this.#match(value, start, true);
    return end === undefined ? undefined : [start, end];
  }

  #match(value: readonly string[], start: number, longest: boolean): number | undefined {
    const [first = [], ...rest] = this.#segments;
    if (!this.#isAt(value, first, start)) return undefined;
    let end: number | undefined = start + first.length;
    for (const [index, segment] of rest.entries()) {
      const isLast = index === rest.length - 1;
      const found: number | undefined =
        isLast && longest ? this.#searchBack(value, segment, end) : this.#search(value, segment, end);
      if (found === undefined) return undefined;
      end = found + segment.length;
    }
    return end;
  }

  #search(value: readonly string[], segment: Segment, from: number): number | undefined {
    for (let at = from; at + segment.length <= value.length; at += 1) {
      if (this.#isAt(value, segment, at)) return at;
    }
    return undefined;
  }

  #searchBack(value: readonly string[], segment: Segment, from: number): number | undefined {
    for (let at = value.length - segment.length; at >= from; at -= 1) {
      if (this.#isAt(value, segment, at)) return at;
    }
    return undefined;
  }

  #isAt(value: readonly string[], segment: Segment, at: number): boolean {
    if (at + segment.length > value.length) return false;
    let index = 0;
    while (index < segment.length && (segment[index] === any || segment[index] === value[at + index])) {
      index += 1;
    }
    this.#budget.spend(index + 1);
    return index === segment.length;
  }
}

function parseSegments(pattern: string, escape: string): readonly Segment[] {
  let segment: (string | typeof any)[] = [];
  const segments = [segment];
  const characters = pattern[Symbol.iterator]();
  for (const character of characters) {
    if (character === '*') {
      segment = [];
      segments.push(segment);
    } else if (character === '?') {
      segment.push(any);
    } else if (character === escape) {
      const { value: escaped = '' } = characters.next() as { readonly value?: string };
      if (!['*', '?', '}', '/', escape].includes(escaped)) {
        throw new SubstitutionError(
          `invalid pattern ${JSON.stringify(pattern)} in substitution: invalid escape '${escape}${escaped}'`,
        );
      }
      segment.push(escaped);
    } else {
      segment.push(character);
    }
  }
  return segments;
}
