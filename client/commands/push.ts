// imagectl push: copies an image to a registry, an archive or a directory of the service's host.
import type { Command } from 'commander';
import { withClient } from '../connection.js';
import type { Context } from '../context.js';
import { CommandError } from '../errors.js';
import { printLog } from '../output/log.js';

interface PushOptions {
  readonly compress?: boolean;
  readonly format?: string;
  readonly quiet?: boolean;
  readonly removeSignatures?: boolean;
  readonly signBy?: string;
}

export function definePush(command: Command, context: Context): void {
  command
    .description('Push an image to a specified destination')
    .usage('[options] IMAGE [DESTINATION]')
    .argument('[image...]')
    .option('--compress', 'Compress layers that go into a directory')
    .option('-f, --format <format>', 'Manifest type (oci, v2s2, or v2s1) to use in the destination')
    .option('-q, --quiet', 'Suppress output information when pushing images')
    .option('--remove-signatures', 'Discard any pre-existing signatures in the image')
    .option('--sign-by <key>', 'Add a signature at the destination using the specified key')
    .action((words: string[], options: PushOptions) => push(context, words, options));
}

async function push(context: Context, words: readonly string[], options: PushOptions): Promise<void> {
  const [name, tag = '', more] = words;
  if (name === undefined || more !== undefined) {
    throw new CommandError(
      'push requires at least one image name, and optionally a second to specify a different destination',
    );
  }
  const { compress = false, format = '', removeSignatures = false, signBy = '' } = options;
  const parameters = { name, tag, compress, format, removeSignatures, signBy };
  await withClient(context, (client) =>
    printLog(context, client.pushImageMore(parameters), options.quiet === true),
  );
}
