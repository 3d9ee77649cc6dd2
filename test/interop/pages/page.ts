// A page of the documentation, cut into what a test has to look at: commands, files, links.

/** One command as a reader types it, perhaps over several lines, and what the page shows below it. */
export interface Command {
  readonly line: string;
  /** Undefined where the page shows no output: `sh` blocks. */
  readonly output: string | undefined;
}

export interface Block {
  readonly language: string;
  /** The file it is, if it is one. */
  readonly title: string | undefined;
  readonly text: string;
  /** Why it is not run, if the page says so above it: `<!-- not run: the reason -->`. */
  readonly notRun: string | undefined;
  /** Line of the page it begins at, from 1. */
  readonly at: number;
}

const fence = /(?:^<!-- not run: (.+) -->\n+)?^```(\w*)(?: title="([^"]+)")?\n([^]*?)^```$/gm;

/** Whether the commands of a block are run. */
export function isRun({ language, title, notRun }: Block): boolean {
  return notRun === undefined && title === undefined && (language === 'sh' || language === 'console');
}

/** The fenced blocks of a page, in their order. */
export function blocksOf(page: string): Block[] {
  return [...page.matchAll(fence)].map(({ index, 1: notRun, 2: language = '', 3: title, 4: text = '' }) => ({
    language,
    title,
    text,
    notRun,
    at: page.slice(0, index).split('\n').length,
  }));
}

/**
 * The commands of a block that is to be run. A block of `sh` is one script, cut only behind what goes on in the
 * background, since a reader types slower than a service starts. In a transcript every `$ ` begins a command.
 */
export function commandsOf({ language, text }: Block): Command[] {
  if (language === 'sh')
    return text
      .split(/(?<=^[^#\n].* &\n)/m)
      .filter((line) => line.trim() !== '')
      .map((line) => ({ line, output: undefined }));
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      // A command goes on behind a backslash, and after a line that opens a here-document up to its end.
      const [, line = '', output = ''] =
        /^((?:.*\\\n)*.*<<-?\s*'?(\w+)'?.*\n[^]*?^\2\n|(?:.*\\\n)*.*\n?)([^]*)$/m
          .exec(part)
          ?.toSpliced(2, 1) ?? [];
      return { line, output };
    });
}

/** Where a page leads to: files beside it, with the heading behind `#` if one is named. */
export function linksOf(page: string): { path: string; anchor: string | undefined }[] {
  const prose = page.replace(/^```[^]*?^```$/gm, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].map(([, path = '', anchor]) => ({
    path,
    anchor,
  }));
}

/** The names by which headings of a page are linked to. */
export function anchorsOf(page: string): string[] {
  const prose = page.replace(/^```[^]*?^```$/gm, '');
  const named = [...prose.matchAll(/<a (?:id|name)="([^"]+)">/g)].map(([, name = '']) => name);
  const headings = [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  return [...headings, ...named];
}

/** What of an output is the same on every machine and in every run. */
export function lasting(output: string): string {
  return output
    .replace(/\/tmp\/imaged-quickstart-\w+/g, 'DIRECTORY')
    .replace(/(?:127\.0\.0\.1|localhost):\d{4,5}/g, 'HOST')
    .replace(/[0-9a-f]{11,64}/g, 'HEX')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)/g, 'TIME')
    .replace(/[\d.]+ [kMG]?B\b/g, 'SIZE')
    .replace(/(?:Less than a second|About an? \w+|\d+ \w+) ago/g, 'AGE')
    .replace(/--runtime \w+ /g, '')
    .replace(/ +/g, ' ')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trimEnd();
}

/** Whether an output is what the page shows; a line of three dots on the page stands for any lines. */
export function isAsShown(shown: string, output: string): boolean {
  const parts = lasting(shown).split(/^\.\.\.$\n?/m);
  const pattern = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join('[^]*');
  return new RegExp(`^${pattern}$`).test(lasting(output));
}
