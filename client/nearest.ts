// Words that are nearly another one: what somebody may have meant.

/** How many words are looked at, and how long they may be: the rest is not worth the time. */
const most = 10_000;
const longest = 128;

/** Those with the fewest changes of a letter, if these are few for a word of this length. */
export function nearest(wanted: string, words: Iterable<string>): string[] {
  if (wanted.length > longest) return [];
  let best = allowed(wanted);
  let found: string[] = [];
  let count = 0;
  for (const word of words) {
    count += 1;
    if (count > most) break;
    if (word.length > longest || word === wanted) continue;
    const distance = changes(wanted, word, best);
    if (distance > best) continue;
    if (distance < best) found = [];
    best = distance;
    found.push(word);
  }
  return found;
}

/** One change in three letters, at most three. */
function allowed(word: string): number {
  return Math.min(3, Math.ceil(word.length / 3));
}

/** Letters put in, left out, replaced or swapped with the next one; more than `limit` if there are more. */
function changes(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_none, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (before[j - 2] ?? 0) + 1);
      row.push(least);
    }
    [before, last] = [last, row];
  }
  return last[b.length] ?? limit + 1;
}
