// Patterns of names as Go's filepath.Match has them: `*`, `?`, `[a-z]`, `[^a]`, `\x`, none of which match a slash.
import { CopyError } from './copy-errors.js';
import { printable } from '../../sys/files.js';

type Piece =
  | { readonly kind: 'one'; readonly point: number }
  | { readonly kind: 'any' }
  | { readonly kind: 'run' }
  | {
      readonly kind: 'class';
      readonly negated: boolean;
      readonly ranges: readonly (readonly [number, number])[];
    };

/** Whether a path or a name (latin1) has anything in it that is not itself. */
export function hasPattern(text: string): boolean {
  return /[*?[\\]/.test(text);
}

/** Compiled for one component; throws {@link CopyError} for what is no pattern. */
export class NamePattern {
  readonly #pieces: readonly Piece[];

  /** `text`: UTF-8 as latin1. */
  constructor(text: string) {
    this.#pieces = parse(codePoints(text), text);
  }

  /** Whether all of `name` (latin1) matches; linear but for a factor of the pattern's length. */
  matches(name: string): boolean {
    const points = codePoints(name);
    const pieces = this.#pieces;
    let piece = 0;
    let point = 0;
    // Where the last run of anything began, and what it has eaten so far: only that is ever tried again.
    let run = -1;
    let eaten = 0;
    while (point < points.length) {
      const current = pieces[piece];
      if (current?.kind === 'run') {
        run = piece++;
        eaten = point;
      } else if (current !== undefined && matchesPoint(current, points[point] as number)) {
        piece++;
        point++;
      } else if (run >= 0) {
        piece = run + 1;
        point = ++eaten;
      } else {
        return false;
      }
    }
    while (pieces[piece]?.kind === 'run') piece++;
    return piece === pieces.length;
  }
}

function matchesPoint(piece: Piece, point: number): boolean {
  switch (piece.kind) {
    case 'one':
      return piece.point === point;
    case 'any':
      return true;
    case 'class':
      return piece.ranges.some(([low, high]) => low <= point && point <= high) !== piece.negated;
    default:
      return false;
  }
}

function parse(points: readonly number[], text: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  const bad = (): never => {
    throw new CopyError(`syntax error in pattern ${JSON.stringify(printable(text))}`);
  };
  const escaped = (): number => {
    if (points[at] === code('\\')) at++;
    return points[at++] ?? bad();
  };
  const bound = (): number => {
    if (points[at] === code('-') || points[at] === code(']')) bad();
    const point = escaped();
    if (at >= points.length) bad();
    return point;
  };
  while (at < points.length) {
    switch (points[at]) {
      case code('*'):
        at++;
        pieces.push({ kind: 'run' });
        break;
      case code('?'):
        at++;
        pieces.push({ kind: 'any' });
        break;
      case code('['): {
        at++;
        const negated = points[at] === code('^');
        if (negated) at++;
        const ranges: [number, number][] = [];
        while (points[at] !== code(']') || ranges.length === 0) {
          const low = bound();
          let high = low;
          if (points[at] === code('-')) {
            at++;
            high = bound();
          }
          ranges.push([low, high]);
        }
        at++;
        pieces.push({ kind: 'class', negated, ranges });
        break;
      }
      default:
        pieces.push({ kind: 'one', point: escaped() });
    }
  }
  return pieces;
}

function code(character: string): number {
  return character.charCodeAt(0);
}

const BROKEN = 0x110000;

/** The characters of a byte string; a byte that is no part of any is a character that no other text has. */
function codePoints(bytes: string): number[] {
  if (!/[\x80-\xff]/.test(bytes)) return Array.from(bytes, code);
  const points: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const first = bytes.charCodeAt(at);
    const length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    const [character = '', more] = Buffer.from(bytes.slice(at, at + length), 'latin1').toString();
    const valid =
      more === undefined && (character !== '\ufffd' || bytes.slice(at, at + 3) === '\xef\xbf\xbd');
    points.push(valid ? (character.codePointAt(0) as number) : BROKEN + first);
    at += valid ? length : 1;
  }
  return points;
}
