// imagectl prune: removes images that nothing needs.
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { collect, noArguments } from '../arguments.js';
import { withClient } from '../connection.js';
import type { Context } from '../context.js';
import { CommandError } from '../errors.js';
import { printable } from '../output/printable.js';
import { refuseFlags } from '../refused-flags.js';

interface PruneOptions {
  readonly all?: boolean;
  readonly filter?: readonly string[];
  readonly force?: boolean;
}

export function definePrune(command: Command, context: Context): void {
  command
    .description('Remove unused images')
    .usage('[options]')
    .argument('[words...]')
    .option('-a, --all', 'Remove all images not in use by containers, not just dangling ones')
    .option('--filter <filter>', "Provide filter values, as in 'label=KEY=VALUE' (repeatable)", collect)
    .option('-f, --force', 'Do not prompt for confirmation')
    .action((words: string[], options: PruneOptions) => prune(context, words, options));
  refuseFlags(command, 'prune');
}

async function prune(context: Context, words: readonly string[], options: PruneOptions): Promise<void> {
  noArguments('image prune', words);
  const { all = false, filter = [], force = false } = options;
  if (!force && !(await confirmed(context, all))) return;
  for (const condition of filter) {
    if (!condition.includes('='))
      throw new CommandError(`filter input must be in the form of filter=value: ${condition} is invalid`);
  }
  const { pruned } = await withClient(context, (client) => client.imagesPrune({ all, filter: [...filter] }));
  for (const id of pruned) context.stdout.write(`${printable(id)}\n`);
}

async function confirmed({ stdout, stdio, signal }: Context, all: boolean): Promise<boolean> {
  const what = all ? 'all images without at least one container associated with them' : 'all dangling images';
  stdout.write(`WARNING! This command removes ${what}.\nAre you sure you want to continue? [y/N] `);
  const answer = await firstLine(stdio().input, signal);
  if (answer === undefined) throw new CommandError('EOF');
  return answer.toLowerCase().startsWith('y');
}

async function firstLine(input: NodeJS.ReadableStream, signal: AbortSignal): Promise<string | undefined> {
  const lines = createInterface({ input, signal });
  try {
    for await (const line of lines) return line;
    return undefined;
  } finally {
    lines.close();
  }
}
