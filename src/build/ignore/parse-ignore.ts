// The text of an ignore file → its patterns (build.md, Ignore files).
import { cleanPath } from './clean-path.js';
import { IgnoreError } from './ignore-error.js';
import { IgnorePattern } from './ignore-pattern.js';

const mostPatterns = 10_000;

/** Patterns in their order, cleaned, with `!` in front of those that take back. Throws {@link IgnoreError}. */
export function parseIgnore(text: string): readonly string[] {
  const patterns = text
    .replace(/^\ufeff/, '')
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map(cleanPattern);
  if (patterns.length > mostPatterns) throw new IgnoreError(`more than ${mostPatterns} ignore patterns`);
  for (const pattern of patterns) void new IgnorePattern(pattern);
  return patterns;
}

function cleanPattern(line: string): string {
  const isException = line.startsWith('!');
  const pattern = isException ? line.slice(1).trim() : line;
  if (pattern === '') throw new IgnoreError('illegal exclusion pattern: "!"');
  const clean = cleanPath(pattern);
  const relative = clean.length > 1 && clean.startsWith('/') ? clean.slice(1) : clean;
  if (isException) return `!${relative}`;
  // `/!name` is a name that begins so, and ` #name` is no comment: patterns may be read again.
  return /^[!#]/.test(relative) ? `\\${relative}` : relative;
}
