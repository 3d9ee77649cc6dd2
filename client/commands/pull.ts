// imagectl pull: fetches images, and shows how that goes.
import type { Command } from 'commander';
import type { AuthConfig, IoPodmanClient } from '../../src/generated/io-podman.js';
import { atLeast } from '../arguments.js';
import { withClient } from '../connection.js';
import type { Context } from '../context.js';
import { parseCredentials } from '../credentials.js';
import { CommandError, describeError, isRemoteError } from '../errors.js';
import { printLog } from '../output/log.js';
import { showOnTerminal } from '../pull-screen.js';

interface PullOptions {
  readonly creds?: string;
  readonly quiet?: boolean;
}

export function definePull(command: Command, context: Context): void {
  command
    .description('Pull an image from a registry')
    .usage('[options] IMAGE [IMAGE...]')
    .argument('[image...]')
    .option('--creds <username:password>', 'Credentials to use for authenticating to a registry')
    .option('-q, --quiet', 'Suppress output information when pulling images')
    .action((names: string[], options: PullOptions) => pull(context, names, options));
}

async function pull(context: Context, words: readonly string[], options: PullOptions): Promise<void> {
  const names = atLeast(1, words);
  const creds: AuthConfig =
    options.creds === undefined ? { username: '', password: '' } : parseCredentials(options.creds);
  const errors: string[] = [];
  for (const name of names) {
    try {
      const id = await withClient(context, (client) =>
        pullOne(context, client, name, creds, options.quiet === true),
      );
      context.stdout.write(`${id}\n`);
    } catch (error) {
      // The others can succeed all the same. A connection that broke is not one of the pull's errors.
      if (!isRemoteError(error)) throw error;
      errors.push(describeError(error));
    }
  }
  if (errors.length > 0) throw new CommandError(errors.join('\nError: '));
}

async function pullOne(
  context: Context,
  client: IoPodmanClient,
  name: string,
  creds: AuthConfig,
  quiet: boolean,
): Promise<string> {
  const steps = client.pullImageMore({ name, creds });
  if (!quiet && context.stderr.isTTY === true) return showOnTerminal(context, name, steps);
  return await printLog(context, steps, quiet);
}
