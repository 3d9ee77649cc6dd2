// imagectl's command tree, for what is made of it.
import { PassThrough } from 'node:stream';
import type { Command } from 'commander';

import { wholeProgram } from '../../../client/program.js';

export function commandTree(): Promise<Command> {
  const ignored = { write: (): boolean => true };
  return wholeProgram({
    address: 'unix:/run/imaged/io.podman',
    lookup: { registries: [], resolver: '' },
    stdio: () => ({ input: new PassThrough(), output: new PassThrough() }),
    stdout: ignored,
    stderr: ignored,
    now: Date.now,
    pid: 0,
    environment: {},
    signal: new AbortController().signal,
  });
}

/** The command that words stand for, as `image ls`. */
export function commandAt(program: Command, words: readonly string[]): Command | undefined {
  return words.reduce<Command | undefined>(
    (parent, word) =>
      parent?.commands.find((command) => command.name() === word || command.aliases().includes(word)),
    program,
  );
}
