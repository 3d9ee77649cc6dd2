// imagectl exists: says by its exit code alone whether there is such an image.
import type { Command } from 'commander';
import { exactlyOne } from '../arguments.js';
import { withClient } from '../connection.js';
import type { Context } from '../context.js';
import { CommandError } from '../errors.js';

export function defineExists(command: Command, context: Context): void {
  command
    .description('Check if an image exists in local storage: exit code 0 if so, 1 if not')
    .usage('IMAGE')
    .argument('[image...]')
    .action((names: string[]) => exists(context, names));
}

async function exists(context: Context, names: readonly string[]): Promise<void> {
  const name = exactlyOne(names);
  const reply = await withClient(context, (client) => client.imageExists({ name }));
  // The interface counts like a shell: 0 is yes.
  if (reply.exists !== 0) throw new CommandError('', 1);
}
