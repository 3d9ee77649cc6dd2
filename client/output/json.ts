// JSON in the layouts podman prints.

/** Compact, or with `indent` blanks for each level; `<`, `>` and `&` escaped as podman's encoder does. */
export function toJson(value: unknown, indent = 0): string {
  const text = JSON.stringify(value, null, indent);
  return text.replace(
    /[<>&\u2028\u2029]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/**
 * A JSON text laid out with `indent` blanks for each level, behind `margin` of them.
 * Works on the text, so that the order of keys and every digit of a number stay as the service wrote them; escapes that
 * a string does not need are resolved. `text` has to be valid.
 */
export function indentJson(text: string, indent: number, margin = 0): string {
  let depth = 0;
  let result = '';
  let previous = '';
  const newline = (): string => `\n${' '.repeat(margin + depth * indent)}`;
  for (const [token] of text.matchAll(tokens)) {
    const opened = previous === '{' || previous === '[';
    if (token === '}' || token === ']') {
      depth -= 1;
      result += opened ? token : newline() + token;
    } else {
      if (opened || previous === ',') result += newline();
      if (token === '{' || token === '[') depth += 1;
      result += token.startsWith('"') ? JSON.stringify(JSON.parse(token)) : token;
      if (token === ':') result += ' ';
    }
    previous = token;
  }
  return result;
}
