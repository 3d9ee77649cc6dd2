// Whatever a page of the documentation calls imagectl with, in prose, too: there are such commands and such flags.
import type { Command, Option } from 'commander';
import { beforeAll, describe, expect, it } from '@jest/globals';

import { pages, textOf } from '../interop/pages/documentation.js';
import { commandTree } from './support/whole-program.js';

let program: Command;
beforeAll(async () => {
  program = await commandTree();
});

/** Calls in a text: from `imagectl` up to where code or a command of a shell ends. */
function callsIn(text: string): string[][] {
  const code = [...text.matchAll(/^```(?:sh|console|yaml|dockerfile)\b[^\n]*\n([^]*?)^```|`([^`\n]+)`/gm)];
  return code.flatMap(([, block, span]) =>
    [
      ...(block ?? span ?? '')
        .replace(/\s# .*$/gm, '')
        .matchAll(/(?<=^|[\s(])imagectl (?!bridge)([^|;&#>\n)]*)/g),
    ].map(([, words = '']) =>
      words
        .replace(/^-c /, '--connection ')
        .replace(/'[^']*'|"[^"]*"/g, 'X')
        .trim()
        .split(/\s+/),
    ),
  );
}

/** What is wrong with a call; undefined if nothing is. */
function faultOf(words: readonly string[]): string | undefined {
  let command = program;
  let value = false;
  for (const [index, word] of words.entries()) {
    const isFlag = /^--?[a-zA-Z]/.test(word);
    // What stands for any command, or is the name of a place and no call.
    if (!isFlag && !value && command === program && !/^[a-z]+$/.test(word)) return undefined;
    if (!isFlag && !value && command.commands.length > 0) {
      const next = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
      if (next === undefined) return `imagectl ${words.join(' ')}: there is no ${word}`;
      command = next;
      continue;
    }
    value = false;
    if (!isFlag) continue;
    const [flag = ''] = word.split('=');
    const option = optionOf(command, flag) ?? optionOf(program, flag);
    if (option === undefined && !['-h', '--help'].includes(flag))
      return `imagectl ${words.slice(0, index + 1).join(' ')}: there is no ${flag}`;
    value = option?.required === true && !word.includes('=');
  }
  return undefined;
}

/** One letter and what belongs to it may be one word. */
function optionOf(command: Command, flag: string): Option | undefined {
  const letter = flag.startsWith('--') ? flag : flag.slice(0, 2);
  return command.options.find(({ long, short }) => long === flag || short === letter);
}

describe('the pages', () => {
  it('have calls of imagectl', () => {
    expect(pages.flatMap((page) => callsIn(textOf(page))).length).toBeGreaterThan(50);
  });

  it.each(pages)('%s names commands and flags of imagectl that there are', (page) => {
    const faults = callsIn(textOf(page)).map((words) => faultOf(words));
    expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
  });

  it('would be found out', () => {
    expect(faultOf(['pull', '--no-such', 'a'])).toBe('imagectl pull --no-such: there is no --no-such');
    expect(faultOf(['--url', 'unix:/a', 'fetch'])).toBe('imagectl --url unix:/a fetch: there is no fetch');
    expect(faultOf(['--url', 'unix:/a', 'image', 'pull', '-q', 'a'])).toBeUndefined();
  });
});
