// Every flag that podman has for images is taken by imagectl, or is refused with a reason.
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Command } from 'commander';

import { refusedCommands } from '../../client/refused-flags.js';
import { commandAt, commandTree } from '../client/support/whole-program.js';
import { output } from './support/process.js';

jest.setTimeout(60_000);

/** podman's commands that are about images, besides those of `podman image`. */
const top = [
  ['build', 'commit', 'diff', 'events', 'history', 'images', 'import', 'info', 'inspect', 'load'],
  ['pull', 'push', 'rmi', 'save', 'search', 'tag', 'untag', 'version'],
].flat();

let program: Command;
let below: string[];

beforeAll(async () => {
  program = await commandTree();
  const help = await output('podman', ['image', '--help']);
  below = [...help.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name = '']) => name);
});

interface Flag {
  readonly short: string | undefined;
  readonly long: string;
}

async function flagsOf(words: readonly string[]): Promise<Flag[]> {
  const help = await output('podman', [...words, '--help']);
  return [...help.matchAll(/^ {2}(?:(-\w), | {4})(--[a-z-]+)/gm)].map(([, short, long = '']) => ({
    short,
    long,
  }));
}

function lacking(words: readonly string[], flags: readonly Flag[]): string[] {
  const command = commandAt(program, words);
  if (command === undefined) return [words.join(' ')];
  return flags
    .filter(({ short, long }) => {
      const found = command.options.find((option) => option.long === long);
      return found === undefined || (short !== undefined && found.short !== short);
    })
    .map(({ short, long }) => [...words, short, long].filter((word) => word !== undefined).join(' '));
}

describe('imagectl', () => {
  it('has every command of podman for images, but those it says why it has not', () => {
    expect(below.length).toBeGreaterThan(15);
    const missing = below.filter((name) => commandAt(program, ['image', name]) === undefined);
    expect(missing.filter((name) => refusedCommands[name] === undefined)).toEqual([]);
    expect(top.filter((name) => commandAt(program, [name]) === undefined)).toEqual([]);
  });

  it('knows every flag that podman has for them, in both of its spellings', async () => {
    const known = below.filter((name) => commandAt(program, ['image', name]) !== undefined);
    const commands = [...top.map((name) => [name]), ...known.map((name) => ['image', name])];
    const found = await Promise.all(commands.map(async (words) => ({ words, flags: await flagsOf(words) })));
    expect(found.flatMap(({ flags }) => flags).length).toBeGreaterThan(150);
    expect(found.flatMap(({ words, flags }) => lacking(words, flags))).toEqual([]);
  });
});
