// How many arguments a command takes, complained about in podman's words.
import { CommandError } from './errors.js';

type AtLeastOne = readonly [string, ...string[]];

/** The only argument. */
export function exactlyOne(args: readonly string[]): string {
  const [only] = args;
  if (only === undefined || args.length > 1)
    throw new CommandError(`accepts 1 arg(s), received ${args.length}`);
  return only;
}

/** The arguments, if there are as many; `count` is one or more. */
export function atLeast(count: number, args: readonly string[]): AtLeastOne {
  const [first, ...rest] = args;
  if (first === undefined || args.length < count) {
    throw new CommandError(`requires at least ${count} arg(s), only received ${args.length}`);
  }
  return [first, ...rest];
}

/** The only argument, or none. */
export function atMostOne(args: readonly string[]): string | undefined {
  if (args.length > 1) throw new CommandError(`accepts at most 1 arg(s), received ${args.length}`);
  return args[0];
}

/** Refuses any argument of `command`. */
export function noArguments(command: string, args: readonly string[]): void {
  if (args.length > 0) throw new CommandError(`\`imagectl ${command}\` takes no arguments`);
}

/** The values of a flag that may be given several times. */
export function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}

/** The same for a flag whose values may also stand in one, with commas between; quotes keep a comma. */
export function collectList(value: string, earlier: readonly string[] = []): string[] {
  const items = value.match(/"(?:[^"]|"")*"|[^,]+/g) ?? [];
  return [
    ...earlier,
    ...items.map((item) => (item.startsWith('"') ? item.slice(1, -1).replaceAll('""', '"') : item)),
  ];
}
