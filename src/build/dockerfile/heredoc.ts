// Finds the here-documents that a line announces.

/** `<<EOF` in a line. */
export interface HeredocMarker {
  readonly name: string;
  readonly stripsTabs: boolean;
  readonly expands: boolean;
  /** Where it stands in the text. */
  readonly start: number;
  readonly end: number;
}

const opening = /\d*<<(-?)[ \t]*(?!<)/y;

/**
 * In the order they stand there; only what begins a word is one, outside of quotes and of `((`, where `<<` shifts.
 * `inShell`: the shell's operators end their names.
 */
export function findHeredocs(text: string, inShell: boolean): readonly HeredocMarker[] {
  const found: HeredocMarker[] = [];
  let isStart = true;
  let at = 0;
  while (at >= 0 && at < text.length) {
    const marker: HeredocMarker | undefined = isStart ? markerAt(text, at, inShell) : undefined;
    if (marker !== undefined) found.push(marker);
    isStart = marker === undefined && isSpace(text.charAt(at));
    at = marker?.end ?? skip(text, at);
  }
  return at < 0 ? [] : found;
}

/** The index behind what stands at `at`; negative where a quote is not closed, as then nothing can be told. */
function skip(text: string, at: number): number {
  const character = text.charAt(at);
  if (character === '\\') return at + 2;
  if (character === "'" || character === '"') {
    const end = endOfQuote(text, at);
    return end < 0 ? end : end + 1;
  }
  if (character === '(' && text.charAt(at + 1) === '(') {
    const end = text.indexOf('))', at + 2);
    // Nothing closes it: neither does anything behind it.
    return end < 0 ? text.length : end + 2;
  }
  return at + 1;
}

function endOfQuote(text: string, start: number): number {
  const quote = text.charAt(start);
  for (let at = start + 1; at < text.length; at += 1) {
    if (text.charAt(at) === '\\' && quote === '"') at += 1;
    else if (text.charAt(at) === quote) return at;
  }
  return -1;
}

function markerAt(text: string, start: number, inShell: boolean): HeredocMarker | undefined {
  opening.lastIndex = start;
  const match = opening.exec(text);
  if (match === null) return undefined;
  const ending = inShell ? /[\t-\r <>;&|()]/ : /[\t-\r <]/;
  let name = '';
  let expands = true;
  let at = opening.lastIndex;
  for (; at < text.length && !ending.test(text.charAt(at)); at += 1) {
    const character = text.charAt(at);
    if (character === "'" || character === '"') {
      const end = endOfQuote(text, at);
      if (end < 0) return undefined;
      name += text.slice(at + 1, end);
      at = end;
      expands = false;
    } else if (character === '\\') {
      at += 1;
      name += text.charAt(at);
      expands = false;
    } else {
      name += character;
    }
  }
  if (name === '' || text.charAt(at) === '<') return undefined;
  return { name, stripsTabs: match[1] === '-', expands, start, end: Math.min(at, text.length) };
}

function isSpace(character: string): boolean {
  return /[\t-\r ]/.test(character);
}
