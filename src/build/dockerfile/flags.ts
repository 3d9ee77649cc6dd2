// The `--name=value` words between an instruction and its arguments.
import type { RawText } from './instruction.js';
import { endOfWord, skipBlanks, trimBlanks } from './words.js';

export interface SplitFlags {
  readonly flags: readonly RawText[];
  /** What follows them, without blanks around. */
  readonly rest: string;
}

/** Flags end before the first word that is none, or behind a lone `--`. */
export function splitFlags(text: string, escape: string): SplitFlags {
  const flags: RawText[] = [];
  let at = skipBlanks(text, 0);
  while (text.startsWith('--', at)) {
    const end = endOfWord(text, at, escape);
    const flag = text.slice(at, end);
    at = skipBlanks(text, end);
    if (flag === '--') break;
    flags.push(flag);
  }
  return { flags, rest: trimBlanks(text.slice(at)) };
}

/** What kind of value a flag takes. */
export type FlagKind = 'value' | 'values' | 'boolean';

/** The flags of one instruction, taken out by name. */
export class Flags {
  readonly #values = new Map<string, RawText[]>();

  /** Throws through `fail` for a flag that is not among `kinds`, is there twice, or lacks its value. */
  constructor(
    flags: readonly RawText[],
    kinds: Readonly<Record<string, FlagKind>>,
    fail: (reason: string) => never,
  ) {
    for (const flag of flags) {
      const equals = flag.indexOf('=');
      const name = flag.slice(2, equals < 0 ? undefined : equals);
      const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
      if (kind === undefined) fail(`unknown flag: --${name}`);
      const values = this.#values.get(name) ?? [];
      if (values.length > 0 && kind !== 'values') fail(`duplicate flag specified: --${name}`);
      const value = equals < 0 ? undefined : flag.slice(equals + 1);
      if (kind === 'boolean' ? value === '' : value === undefined) {
        fail(`missing a value on flag: --${name}`);
      }
      if (kind === 'boolean' && !/^(?:true|false)$/i.test(value ?? 'true')) {
        fail(`expecting boolean value for flag --${name}, not: ${value}`);
      }
      values.push(value ?? 'true');
      this.#values.set(name, values);
    }
  }

  value(name: string): RawText | undefined {
    return this.values(name)[0];
  }

  values(name: string): readonly RawText[] {
    return this.#values.get(name) ?? [];
  }

  boolean(name: string): boolean | undefined {
    const value = this.value(name);
    return value === undefined ? undefined : value.toLowerCase() === 'true';
  }
}
