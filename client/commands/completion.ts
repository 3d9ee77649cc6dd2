// imagectl completion: the script that makes a shell complete imagectl's words.
import { Argument, type Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { bashCompletion } from '../completion/bash.js';
import { fishCompletion } from '../completion/fish.js';
import { placesOf } from '../completion/tree.js';
import { zshCompletion } from '../completion/zsh.js';
import type { Context } from '../context.js';

const shells = { bash: bashCompletion, fish: fishCompletion, zsh: zshCompletion };

type Shell = keyof typeof shells;

interface CompletionOptions {
  readonly file?: string;
}

/** Needs the other commands beside it. */
export function defineCompletion(command: Command, context: Context): void {
  command
    .description('Print the script that completes words of imagectl in a shell')
    .usage('[options] bash|fish|zsh')
    .addArgument(new Argument('<shell>').choices(Object.keys(shells)))
    .option('-f, --file <file>', 'Write it to a file')
    .action(async (shell: Shell, { file }: CompletionOptions) => {
      const script = completionFor(shell, command.parent ?? command);
      if (file === undefined) context.stdout.write(script);
      else await writeFile(file, script);
    });
}

/** The script for one shell. */
export function completionFor(shell: Shell, program: Command): string {
  return shells[shell](placesOf(program));
}
