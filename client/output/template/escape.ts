// Texts made harmless for where they go: the functions html, js and urlquery.

const html: Readonly<Record<string, string>> = {
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '\0': '\ufffd',
};

export function escapeHtml(text: string): string {
  // oxlint-disable-next-line no-control-regex -- NUL has an escape, too
  return text.replace(/["'&<>\0]/g, (found) => html[found] ?? found);
}

const js: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
};

export function escapeJs(text: string): string {
  return text.replace(
    // oxlint-disable-next-line no-control-regex -- they are what is escaped
    /[\\'"<>&=\u0000-\u001f\u007f-\u00a0\u2028\u2029]/g,
    (found) => js[found] ?? `\\u${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
  );
}

export function escapeQuery(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString())
    .replace(/[!'()*]/g, (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}
