// The functions print, printf and println.
import type { GoValue } from './go-type.js';
import { format, show, type Verb } from './print.js';

/** What podman's language sets a limit to, too. */
const widest = 1_000_000;

const directive = /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d+)?)?([^]|$)/gu;

export function printf(pattern: string, args: readonly (GoValue | undefined)[]): string {
  let used = 0;
  const number = (text: string | undefined): number | undefined => {
    if (text !== '*') return text === undefined ? undefined : Number(text);
    const value = args[used];
    used += 1;
    return value?.type.kind === 'int' ? Number(value.raw) : Number.NaN;
  };
  const text = pattern.replace(
    directive,
    (found, flags: string, width?: string, precision?: string, letter = '') => {
      const verb: Verb = {
        letter,
        flags,
        width: number(width),
        precision: number(precision ?? (/\.[^\d*]?$/su.test(found) ? '0' : undefined)),
      };
      if (letter === '') return '%!(NOVERB)';
      if (letter === '%') return '%';
      const [wide = 0, exact = 0] = [verb.width, verb.precision];
      if (!(Math.abs(wide) <= widest)) return '%!(BADWIDTH)';
      if (!(Math.abs(exact) <= widest)) return '%!(BADPREC)';
      if (used >= args.length) return `%!${letter}(MISSING)`;
      const value = args[used];
      used += 1;
      if (value === undefined) return letter === 'v' || letter === 'T' ? '<nil>' : `%!${letter}(<nil>)`;
      return format(value, wide < 0 ? { ...verb, flags: `${flags}-`, width: -wide } : verb, 0);
    },
  );
  if (used >= args.length) return text;
  const extra = args.slice(used).map((value) => `${value?.type.name ?? '<nil>'}=${show(value)}`);
  return `${text}%!(EXTRA ${extra.join(', ')})`;
}

/** A blank between two of which neither is a text. */
export function print(args: readonly (GoValue | undefined)[]): string {
  let text = '';
  for (const [index, value] of args.entries()) {
    const between = index > 0 && !isText(value) && !isText(args[index - 1]);
    text += (between ? ' ' : '') + show(value);
  }
  return text;
}

function isText(value: GoValue | undefined): boolean {
  return value?.type.kind === 'string';
}

export function println(args: readonly (GoValue | undefined)[]): string {
  return `${args.map(show).join(' ')}\n`;
}
