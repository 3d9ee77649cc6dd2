// podman's way to set a flag to a value: `--quiet=true`, `-H=false`.

const booleanWords: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((word) => [word, false] as const),
]);

/**
 * The words with podman's `--flag=true` and `-f=false` put as `--flag`, and as `--no-flag` or nothing.
 * `flags` are the names of all flags without a value, `--quiet` and `-q` alike, each with what says that it is off:
 * `--no-human`, or `''` for one that is off anyway. `defaults` are what flags have whose value may be left out, and which never take the
 * next word for it. Words behind `--` stay as they are.
 */
export function expandFlags(
  args: readonly string[],
  flags: ReadonlyMap<string, string>,
  defaults: ReadonlyMap<string, string> = new Map(),
): string[] {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  return args.flatMap((word, index) => {
    const equals = word.indexOf('=');
    if (index >= end) return [word];
    if (equals < 0) return [defaults.has(word) ? `${word}=${defaults.get(word)}` : word];
    const flag = word.slice(0, equals);
    const off = flags.get(flag);
    const value = booleanWords.get(word.slice(equals + 1));
    if (off === undefined || value === undefined) return [word];
    if (value) return [flag];
    return off === '' ? [] : [off];
  });
}
