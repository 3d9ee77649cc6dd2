// COPY and ADD.
import type { CopyInstruction } from './instruction.js';
import type { Statement } from './statement.js';
import { quoteWord, splitWords } from './words.js';

const flagsOfBoth = { chown: 'value', chmod: 'value', link: 'boolean', exclude: 'values' } as const;
const flagsOfCopy = { ...flagsOfBoth, from: 'value', parents: 'boolean' } as const;
const flagsOfAdd = {
  ...flagsOfBoth,
  checksum: 'value',
  unpack: 'boolean',
  'keep-git-dir': 'boolean',
} as const;

export function parseCopy(statement: Statement, kind: CopyInstruction['kind']): CopyInstruction {
  const flags = statement.flags(kind === 'copy' ? flagsOfCopy : flagsOfAdd);
  const words = wordsOf(statement);
  const destination = words.at(-1);
  if (destination === undefined || words.length < 2) {
    statement.fail(
      `${statement.instruction} requires at least two arguments: sources, and a destination behind them`,
    );
  }
  if (destination.isHeredoc) {
    statement.fail(`${statement.instruction} cannot accept a heredoc as a destination`);
  }
  for (const { name } of statement.heredocs) {
    // It becomes the name of a file, wherever the builder keeps it meanwhile.
    if (/^\.{1,2}$|[/\0]/.test(name)) {
      statement.fail(`${statement.instruction} cannot name a file ${JSON.stringify(name)}`);
    }
  }
  const unpack = flags.boolean('unpack');
  const keepGitDir = flags.boolean('keep-git-dir');
  return {
    ...statement.base,
    kind,
    sources: words.slice(0, -1).map(({ text }) => text),
    heredocs: statement.heredocs,
    destination: destination.text,
    link: flags.boolean('link') ?? false,
    parents: flags.boolean('parents') ?? false,
    excludes: flags.values('exclude'),
    ...optional('destinationString', destination.string),
    ...optional('from', flags.value('from')),
    ...optional('chown', flags.value('chown')),
    ...optional('chmod', flags.value('chmod')),
    ...optional('checksum', flags.value('checksum')),
    ...(unpack !== undefined && { unpack }),
    ...(keepGitDir !== undefined && { keepGitDir }),
  };
}

function optional<Name extends string>(name: Name, value: string | undefined): { [name in Name]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { [name in Name]: string });
}

interface Word {
  readonly text: string;
  /** The string it is, in the JSON form. */
  readonly string?: string;
  readonly isHeredoc: boolean;
}

function wordsOf(statement: Statement): readonly Word[] {
  const strings = statement.strings();
  if (strings !== undefined) {
    return strings.map((string) => ({ text: quoteWord(string, statement.escape), string, isHeredoc: false }));
  }
  const words: Word[] = [];
  let at = 0;
  for (const { name, start, end } of statement.markers) {
    words.push(...plainWords(statement.rest.slice(at, start), statement.escape), {
      text: `<<${name}`,
      isHeredoc: true,
    });
    at = end;
  }
  return [...words, ...plainWords(statement.rest.slice(at), statement.escape)];
}

function plainWords(text: string, escape: string): readonly Word[] {
  return splitWords(text, escape).map((word) => ({ text: word, isHeredoc: false }));
}
