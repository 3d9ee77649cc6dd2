// The little of YAML that `info` needs: nested maps and lists of plain values.

type Scalar = string | number | boolean | null;

export type YamlValue = Scalar | readonly Scalar[] | YamlMap;

export interface YamlMap {
  readonly [key: string]: YamlValue;
}

/** `map` in block style, keys in the order they have; every line ends with a line feed. */
export function toYaml(map: YamlMap, margin = ''): string {
  return Object.entries(map)
    .map(([key, value]) => `${margin}${scalar(key)}:${entry(value, margin)}`)
    .join('');
}

/** What follows the colon. */
function entry(value: YamlValue, margin: string): string {
  if (value === null || typeof value !== 'object') return ` ${scalar(value)}\n`;
  if (isList(value)) {
    if (value.length === 0) return ' []\n';
    return `\n${value.map((item) => `${margin}- ${scalar(item)}\n`).join('')}`;
  }
  if (Object.keys(value).length === 0) return ' {}\n';
  return `\n${toYaml(value, `${margin}  `)}`;
}

function isList(value: readonly Scalar[] | YamlMap): value is readonly Scalar[] {
  return Array.isArray(value);
}

/** Texts that would be read back as something else, if they were not quoted. */
const ambiguous =
  /^(?:|~|null|true|false|yes|no|on|off|y|n|[-+]?(?:0x[\da-f]+|0o?[0-7]+|[\d_]*\.?[\d_]+(?:e[-+]?\d+)?|[\d_]+\.|\.inf)|\.nan)$/i;
const plain = /^[A-Za-z0-9_./(][^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$/; // oxlint-disable-line no-control-regex -- they force quotes

function scalar(value: Scalar): string {
  if (typeof value !== 'string') return String(value);
  const special = value.includes(': ') || value.includes(' #') || /[: ]$/.test(value);
  if (plain.test(value) && !special && !ambiguous.test(value)) return value;
  return JSON.stringify(value);
}
