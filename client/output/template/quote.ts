// Texts in quotes, as podman's language writes and reads them.

const short: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
};

/** In double quotes, with escapes for what does not print. */
export function quote(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is escaped
  const unprintable = /["\\\u0000-\u001f\u007f-\u00a0\u00ad\u2000-\u200f\u2028-\u202f\u205f-\u206f\ufeff]/g;
  return `"${text.replace(unprintable, (found) => short[found] ?? numbered(found.charCodeAt(0)))}"`;
}

function numbered(code: number): string {
  return code < 0x80
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}

const named: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

/** What is in the quotes; nothing if an escape is none. */
export function unquote(quoted: string): string | undefined {
  const inner = quoted.slice(1, -1);
  if (quoted.startsWith('`')) return inner.replaceAll('\r', '');
  let valid = true;
  const text = inner.replace(
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|(.))/gs,
    (_found, ...groups: (string | undefined)[]) => {
      const [byte, four, eight, octal, letter = ''] = groups;
      const hexadecimal = byte ?? four ?? eight;
      const code =
        hexadecimal === undefined ? Number.parseInt(octal ?? '', 8) : Number.parseInt(hexadecimal, 16);
      const result = Number.isNaN(code)
        ? named[letter]
        : code <= 0x10ffff
          ? String.fromCodePoint(code)
          : undefined;
      valid &&= result !== undefined;
      return result ?? '';
    },
  );
  return valid ? text : undefined;
}
