// Comments of interface files → Markdown. What they say is text: it cannot become markup or HTML.

/** Members by name; a word that is one of them becomes a link to it. */
export type Links = Pick<ReadonlySet<string>, 'has'>;

/** A table; no lines at all if it has no rows. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''];
}

/** The paragraphs, lists and indented blocks of a comment, each with an empty line behind it. */
export function paragraphs(doc: string, links: Links): string[] {
  return blocksOf(doc).flatMap((lines) => {
    const indented = isIndented(lines);
    return lines.map((line) => (indented ? `  ${line}` : markedUp(line, links))).concat('');
  });
}

/** A comment within a cell of a table. */
export function cell(doc: string, links: Links): string {
  return blocksOf(doc)
    .map((lines) => markedUp(lines.map((line) => line.trim()).join(' '), links).replaceAll('|', '\\|'))
    .join('<br>');
}

/** A link to a member. */
export function link(name: string): string {
  return `[${name}](#${name})`;
}

/** What {@link link} leads to. */
export function anchor(name: string): string {
  return `<a id="${name}"></a>`;
}

/** Text with nothing in it that Markdown gives a meaning within a line. */
export function plain(text: string): string {
  return text.replaceAll(/[\\*_<>[\]~#`]/g, (character) => `\\${character}`).replaceAll('&', '&amp;');
}

function blocksOf(doc: string): string[][] {
  const blocks = doc.split(/\n[ \t]*\n/).map((block) => block.split('\n').map((line) => line.trimEnd()));
  return blocks.filter((lines) => lines.some((line) => line !== ''));
}

/** Code and tables: two more blanks make Markdown leave it as it is. */
function isIndented(lines: readonly string[]): boolean {
  return lines.every((line) => line.startsWith('  '));
}

/** A line of text. What stands in backticks is code; addresses stay as they are. */
function markedUp(line: string, links: Links): string {
  // Under a line of text these would make it a heading, or the head of a table.
  if (/^[\s=|:-]+$/.test(line) && /[=-]/.test(line)) return `\\${line.trim()}`;
  return line
    .split(/(`[^`]+`|https?:\/\/[^\s<>()`]+)/)
    .map((part, index) => {
      if (index % 2 === 0) return plain(part).replaceAll(/\b[A-Za-z0-9]+\b/g, (word) => linked(word, links));
      return links.has(part.slice(1, -1)) ? `[${part}](#${part.slice(1, -1)})` : part;
    })
    .join('');
}

/** `Image` may just begin a sentence; `ImageNotFound` is a name. */
function linked(word: string, links: Links): string {
  return links.has(word) && /[a-z0-9][A-Z]/.test(word) ? link(word) : word;
}
