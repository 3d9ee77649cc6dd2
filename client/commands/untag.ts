// imagectl untag: takes names from an image, all of them if none is given.
import type { Command } from 'commander';
import { atLeast } from '../arguments.js';
import { withClient } from '../connection.js';
import type { Context } from '../context.js';

export function defineUntag(command: Command, context: Context): void {
  command
    .description('Remove a name from a local image')
    .usage('IMAGE [NAME...]')
    .argument('[image...]')
    .action((words: string[]) => untag(context, words));
}

async function untag(context: Context, words: readonly string[]): Promise<void> {
  const [name, ...tags] = atLeast(1, words);
  await withClient(context, async (client) => {
    // By its id, which stays good when the name it was found by is gone.
    const { image } = await client.getImage({ id: name });
    for (const tag of tags.length === 0 ? image.repoTags : tags)
      await client.untagImage({ name: image.id, tag });
  });
}
