// How generated code is laid out: as the project's formatter would, so that it never touches the output.

export const width = 110;

/** `open`, the items and `close` on one line if it fits, else an item per line. `indent` is that of the line. */
export function list(
  indent: string,
  open: string,
  items: readonly string[],
  close: string,
  pad = '',
): string {
  const flat = `${indent}${open}${pad}${items.join(', ')}${pad}${close}`;
  if (flat.length <= width || items.length === 0) return flat;
  const lines = items.map((item) => `${indent}  ${item},`);
  return [indent + open, ...lines, indent + close].join('\n');
}

/** `import { … } from '…';`, or nothing when there is nothing to import. */
export function importLine(
  keyword: 'import' | 'import type' | 'export',
  names: readonly string[],
  from: string,
): string[] {
  if (names.length === 0) return [];
  const sorted = [...new Set(names)].toSorted((a, b) => a.toLowerCase().localeCompare(b.toLowerCase(), 'en'));
  return [list('', `${keyword} {`, sorted, `} from '${from}';`, ' ')];
}

/** `head statement` on one line if it fits, else the statement on a line of its own. */
export function guarded(indent: string, head: string, statement: string): string {
  const flat = `${indent}${head} ${statement}`;
  return flat.length <= width ? flat : `${indent}${head}\n${indent}  ${statement}`;
}

/** A comment as JSDoc; nothing for an empty one. */
export function comment(indent: string, doc: string): string[] {
  if (doc === '') return [];
  const lines = doc.replaceAll('*/', '*\\/').split('\n');
  const flat = `${indent}/** ${lines[0]} */`;
  if (lines.length === 1 && flat.length <= width) return [flat];
  return [`${indent}/**`, ...lines.map((line) => `${indent} * ${line}`.trimEnd()), `${indent} */`];
}

/** A string literal in single quotes. */
export function quoted(text: string): string {
  const json = JSON.stringify(text).slice(1, -1);
  return `'${json.replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

/** A template literal of exactly this text, line by line as it is. */
export function template(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('`', '\\`')
    .replaceAll('${', '\\${')
    .replaceAll('\r', '\\r');
  return `\`${escaped}\``;
}
