// Values as text: what an action prints, and the verbs of `printf`.
import { encodeBytes } from './bytes.js';
import { elementsOf, pointedTo, sortedEntries } from './go-type.js';
import type { GoValue, RawStruct } from './go-type.js';
import { quote } from './quote.js';

/** What `{{.Field}}` prints. */
export function printed(value: GoValue | undefined): string {
  if (value === undefined) return '<no value>';
  return show(value.type.kind === 'pointer' ? pointedTo(value) : value);
}

/** `%v`. */
export function show(value: GoValue | undefined): string {
  return value === undefined ? '<nil>' : format(value, plain, 0);
}

export interface Verb {
  readonly letter: string;
  /** Of `+`, `-`, `#`, blank and `0`. */
  readonly flags: string;
  readonly width?: number | undefined;
  readonly precision?: number | undefined;
}

const plain: Verb = { letter: 'v', flags: '' };

/** A value by a verb, and what podman's language says of a verb that does not fit. */
export function format(value: GoValue, verb: Verb, depth: number): string {
  const { type, raw } = value;
  if (verb.letter === 'T') return pad(type.name, verb);
  if (type.text !== undefined && (depth > 0 || type.kind !== 'pointer') && 'vsqxX'.includes(verb.letter))
    return formatText(type.text(raw), verb) ?? '';
  switch (type.kind) {
    case 'string':
      return formatText(String(raw), verb) ?? bad(value, verb);
    case 'bool':
      return 'tv'.includes(verb.letter) ? pad(String(raw), verb) : bad(value, verb);
    case 'int':
      return formatInteger(Number(raw), verb) ?? bad(value, verb);
    case 'float':
      return formatFloat(Number(raw), verb) ?? bad(value, verb);
    case 'slice':
      return `[${elementsOf(value)
        .map((item) => format(item, verb, depth + 1))
        .join(' ')}]`;
    case 'map':
      return formatMap(value, verb, depth);
    case 'struct':
      return formatStruct(value, verb, depth);
    case 'interface': {
      const inner = pointedTo(value);
      return inner === undefined ? pad('<nil>', verb) : format(inner, verb, depth);
    }
    case 'pointer': {
      const inner = pointedTo(value);
      if (inner === undefined) return pad('<nil>', verb);
      // What prints itself does so behind a pointer, too; a struct further in is an address.
      if (inner.type.text !== undefined) return format(inner, verb, depth);
      return depth === 0 ? `&${format(inner, verb, depth + 1)}` : '0xc000000000';
    }
    default:
      return bad(value, verb);
  }
}

function formatMap(value: GoValue, verb: Verb, depth: number): string {
  const type = value.type.element;
  const entries = sortedEntries(value).map(([key, raw]) => {
    const item = type === undefined ? '' : format({ type, raw }, verb, depth + 1);
    return `${formatText(key, verb) ?? key}:${item}`;
  });
  return `map[${entries.join(' ')}]`;
}

function formatStruct({ type, raw }: GoValue, verb: Verb, depth: number): string {
  const named = verb.letter === 'v' && /[+#]/.test(verb.flags);
  const fields = (type.fields ?? []).map((field) => {
    const item = format({ type: field.type, raw: (raw as RawStruct)[field.name] }, verb, depth + 1);
    return named ? `${field.name}:${item}` : item;
  });
  return `{${fields.join(' ')}}`;
}

function formatText(text: string, verb: Verb): string | undefined {
  const cut = verb.precision === undefined ? text : Array.from(text).slice(0, verb.precision).join('');
  switch (verb.letter) {
    case 's':
      return pad(cut, verb);
    case 'v':
      return pad(verb.flags.includes('#') ? quote(cut) : cut, verb);
    case 'q':
      return pad(verb.flags.includes('#') && !cut.includes('`') ? `\`${cut}\`` : quote(cut), verb);
    case 'x':
    case 'X': {
      const digits = encodeBytes(text).subarray(0, verb.precision).toString('hex');
      return pad(verb.letter === 'x' ? digits : digits.toUpperCase(), verb);
    }
    default:
      return undefined;
  }
}

const radixes: Readonly<Record<string, number>> = { b: 2, o: 8, O: 8, d: 10, v: 10, x: 16, X: 16 };

function formatInteger(value: number, verb: Verb): string | undefined {
  const { letter, flags } = verb;
  if (letter === 'c') return pad(character(value), verb);
  if (letter === 'q') return pad(`'${character(value)}'`, verb);
  if (letter === 'U') return pad(`U+${value.toString(16).toUpperCase().padStart(4, '0')}`, verb);
  const radix = radixes[letter];
  if (radix === undefined) return 'eEfFgG'.includes(letter) ? undefined : undefined;
  const digits = Math.abs(value)
    .toString(radix)
    .padStart(verb.precision ?? 1, '0');
  const prefix = letter === 'O' ? '0o' : flags.includes('#') ? (prefixes[letter] ?? '') : '';
  const body = prefix + (letter === 'X' ? digits.toUpperCase() : digits);
  return padNumber(value < 0, letter === 'X' ? body.replace('0x', '0X') : body, verb);
}

const prefixes: Readonly<Record<string, string>> = { b: '0b', o: '0', x: '0x', X: '0x' };

function character(code: number): string {
  return code >= 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
}

function formatFloat(value: number, verb: Verb): string | undefined {
  const { letter, precision } = verb;
  const size = Math.abs(value);
  const negative = value < 0 || Object.is(value, -0);
  if (letter === 'f' || letter === 'F')
    return padNumber(negative, size.toFixed(Math.min(precision ?? 6, 100)), verb);
  if (letter === 'e' || letter === 'E')
    return padNumber(negative, exponent(size.toExponential(Math.min(precision ?? 6, 100)), letter), verb);
  if (letter !== 'g' && letter !== 'G' && letter !== 'v') return undefined;
  const shortest =
    precision === undefined ? size : Number(size.toPrecision(Math.max(1, Math.min(precision, 100))));
  const power = shortest === 0 ? 0 : Number(shortest.toExponential().split('e')[1]);
  const limit = precision === undefined ? 21 : Math.max(1, precision);
  const text = power < -4 || power >= limit ? exponent(shortest.toExponential(), 'e') : fixed(shortest);
  return padNumber(negative, text, verb);
}

/** Without an exponent, also where JavaScript would have one. */
function fixed(value: number): string {
  const text = String(value);
  return text.includes('e') ? value.toFixed(20).replace(/\.?0+$/, '') : text;
}

/** With two digits, at least. */
function exponent(text: string, letter: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2').replace('e', letter);
}

function padNumber(negative: boolean, digits: string, verb: Verb): string {
  const { flags, width = 0 } = verb;
  const sign = negative ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  const zeros = flags.includes('0') && !flags.includes('-') ? width - sign.length : 0;
  return pad(sign + digits.padStart(zeros, '0'), verb);
}

function pad(text: string, { flags, width = 0 }: Verb): string {
  const missing = ' '.repeat(Math.max(0, width - Array.from(text).length));
  return flags.includes('-') ? text + missing : missing + text;
}

function bad(value: GoValue, { letter }: Verb): string {
  return `%!${letter}(${value.type.name}=${show(value)})`;
}
