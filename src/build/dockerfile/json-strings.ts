// The JSON form of arguments: an array of strings.

/**
 * Undefined for what is no JSON array, which is the plain form then. An array of other things than strings is an error to the peers,
 * not a text for the shell: `fail` is called.
 */
export function jsonStrings(
  text: string,
  fail: (reason: string) => undefined,
): readonly string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  const value = parse(text);
  if (!Array.isArray(value)) return undefined;
  if (value.every((item) => typeof item === 'string')) return value;
  return fail('when using JSON array syntax, arrays must be comprised of strings only');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
