// What stages may be called.

/** In lower case. `fail` is called for a name that is a number, or has other characters than names have. */
export function checkedStageName(
  name: string | undefined,
  fail: (reason: string) => never,
): string | undefined {
  const lower = name?.toLowerCase();
  if (lower === undefined || /^[a-z][a-z0-9-_.]*$/.test(lower)) return lower;
  return fail(
    `invalid name for build stage: ${JSON.stringify(name)}, it must begin with a letter and have letters, digits, -, _ and . only`,
  );
}
