// Manual pages: text in the macros of man(7).

export interface Page {
  /** `man1/imagectl-pull.1`. */
  readonly file: string;
  readonly text: string;
}

/** Text as it shall be read: hyphens that can be searched and copied, and no line that is taken for a macro. */
export function roff(text: string): string {
  return text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replaceAll('~', String.raw`\(ti`)
    .replaceAll('^', String.raw`\(ha`)
    .replaceAll('`', String.raw`\(ga`)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => (/^[.']/.test(line) ? `\\&${line}` : line))
    .join('\n');
}

/** The line that a page begins with. No date: it would be that of the build. */
export function heading(name: string, section: number, version: string): string {
  return `.\\" Generated from what --help says.\n.TH ${name.toUpperCase()} ${section} "" "imaged ${version}" "imaged"\n`;
}

export function section(title: string, ...parts: readonly string[]): string {
  // A heading is a paragraph's beginning already.
  const body = parts.join('').replace(/^\.PP\n/, '');
  return body === '' ? '' : `.SH ${title.includes(' ') ? `"${title}"` : title}\n${body}`;
}

export function paragraph(text: string): string {
  return `.PP\n${roff(text)}\n`;
}

/** A term and what it means. */
export function entry(term: string, meaning: string): string {
  return `.TP\n\\fB${roff(term)}\\fR\n${roff(meaning === '' ? ' ' : meaning) || '\\&'}\n`;
}

/** `imagectl-pull(1), imaged(8)`. */
export function references(pages: readonly string[]): string {
  const links = pages.map((page) => {
    const [, name = '', number = ''] = /^(.*)\.(\d)$/.exec(page) ?? [];
    return `.BR ${roff(name)} (${number})`;
  });
  return `${links.join(' ,\n')}\n`;
}
