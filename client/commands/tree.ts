// imagectl tree: the layers of an image, or all that stand on it.
import type { Command } from 'commander';
import { exactlyOne } from '../arguments.js';
import { withClient } from '../connection.js';
import type { Context } from '../context.js';
import { printableLines } from '../output/printable.js';

interface TreeOptions {
  readonly whatrequires?: boolean;
}

export function defineTree(command: Command, context: Context): void {
  command
    .description('Prints layer hierarchy of an image in a tree format')
    .usage('[options] IMAGE')
    .argument('[image...]')
    .option('--whatrequires', 'Show all child images and layers of the specified image')
    .action((names: string[], options: TreeOptions) => tree(context, names, options));
}

async function tree(
  context: Context,
  names: readonly string[],
  { whatrequires = false }: TreeOptions,
): Promise<void> {
  const name = exactlyOne(names);
  const reply = await withClient(context, (client) => client.imageTree({ name, whatRequires: whatrequires }));
  // The interface has the two blanks of old; podman has one now.
  const lines = printableLines(reply.tree).replaceAll('──  ID', '── ID');
  context.stdout.write(`${lines}\n`);
}
