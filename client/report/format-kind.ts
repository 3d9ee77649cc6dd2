// What a `--format` asks for. It is told without the template engine, which is loaded only for templates.

/** JSON, in one of podman's spellings: `json`, `{{json}}`, `{{ json . }}`. */
export function isJsonFormat(format: string | undefined): boolean {
  return format !== undefined && /^\s*(?:json|\{\{\s*json\s*\.?\s*\}\})\s*$/.test(format);
}

/** A template with a line of headings and columns. */
export function isTableFormat(format: string): boolean {
  return format.startsWith('table ');
}
