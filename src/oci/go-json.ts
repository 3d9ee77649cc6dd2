// JSON as Go's encoder writes it: digests of documents that several programs make must agree.

/** Compact, with `<`, `>`, `&`, U+2028 and U+2029 escaped. Keys stay in their order; undefined ones are left out. */
export function goJson(value: unknown): string {
  return escapedForGo(JSON.stringify(value));
}

/** JSON text with the characters that Go escapes in any string. */
export function escapedForGo(json: string): string {
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The same object with its keys sorted as Go sorts those of a map: by bytes. */
export function sortedByKey<Value>(map: Readonly<Record<string, Value>>): Record<string, Value> {
  const keys = Object.keys(map).toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return Object.fromEntries(keys.map((key) => [key, map[key] as Value]));
}

/**
 * RFC 3339 with nanoseconds and without trailing zeros, as Go writes a time that it has read; undefined if it could not read it.
 */
export function goTime(text: string): string | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (match === null || Number.isNaN(Date.parse(text.replace(',', '.')))) return undefined;
  const [, seconds = '', fraction = '', zone = 'Z'] = match;
  const digits = fraction.slice(0, 9).replace(/0+$/, '');
  return `${seconds}${digits === '' ? '' : `.${digits}`}${/^[+-]00:00$/.test(zone) ? 'Z' : zone}`;
}
