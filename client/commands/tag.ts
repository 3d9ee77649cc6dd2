// imagectl tag: gives an image more names.
import type { Command } from 'commander';
import { atLeast } from '../arguments.js';
import { withClient } from '../connection.js';
import type { Context } from '../context.js';

export function defineTag(command: Command, context: Context): void {
  command
    .description('Add an additional name to a local image')
    .usage('IMAGE TARGET_NAME [TARGET_NAME...]')
    .argument('[image...]')
    .action((words: string[]) => tag(context, words));
}

async function tag(context: Context, words: readonly string[]): Promise<void> {
  const [name, ...names] = atLeast(2, words);
  await withClient(context, async (client) => {
    for (const tagged of names) await client.tagImage({ name, tagged });
  });
}
