// imagectl pull: fetches images, and shows how that goes.
import type { Command } from 'commander';
import { IoImagedClient } from '../../src/generated/io-imaged.js';
import { type AuthConfig, IoPodmanClient } from '../../src/generated/io-podman.js';
import { atLeast } from '../arguments.js';
import { withClient, withConnection } from '../connection.js';
import type { Context } from '../context.js';
import { parseCredentials } from '../credentials.js';
import { copyImage, inRegistry } from '../copy-image.js';
import { CommandError, describeError, isRemoteError } from '../errors.js';
import { followLog, withProgress } from '../progress/progress.js';
import { idleFlags, refuseFlags } from '../refused-flags.js';

interface PullOptions {
  readonly allTags?: boolean;
  readonly arch?: string;
  readonly creds?: string;
  readonly os?: string;
  readonly platform?: string;
  readonly quiet?: boolean;
  readonly variant?: string;
}

export function definePull(command: Command, context: Context): void {
  command
    .description('Pull an image from a registry')
    .usage('[options] IMAGE [IMAGE...]')
    .argument('[image...]')
    .option('-a, --all-tags', 'Pull all tags of the repository IMAGE, in the order of the registry')
    .option('--arch <arch>', 'Use ARCH instead of the architecture of the machine for choosing images')
    .option('--creds <username:password>', 'Credentials to use for authenticating to a registry')
    .option('--os <os>', 'Use OS instead of the running OS for choosing images')
    .option('--platform <os/arch>', 'Specify the platform for selecting the image')
    .option('-q, --quiet', 'Suppress output information when pulling images')
    .option(
      '--variant <variant>',
      'Use VARIANT instead of the running architecture variant for choosing images',
    )
    .action((names: string[], options: PullOptions) => pull(context, names, options));
  refuseFlags(command, 'pull');
  idleFlags(command, '--disable-content-trust', '--tls-verify');
}

async function pull(context: Context, words: readonly string[], options: PullOptions): Promise<void> {
  const names = atLeast(1, words);
  const platform = platformOf(options);
  const creds: AuthConfig =
    options.creds === undefined ? { username: '', password: '' } : parseCredentials(options.creds);
  const errors: string[] = [];
  for (const name of names) {
    try {
      const quiet = options.quiet === true;
      const ids: string[] = [];
      for (const image of options.allTags === true ? await allTags(context, name, creds) : [name]) {
        const id = await (platform === undefined
          ? withClient(context, (client) => pullOne(context, client, image, creds, quiet))
          : pullFor(context, platform, image, creds, quiet));
        ids.push(`${id}\n`);
      }
      // Of a repository all or none are told, as with podman.
      context.stdout.write(ids.join(''));
    } catch (error) {
      // The others can succeed all the same. A connection that broke is not one of the pull's errors.
      if (!isRemoteError(error)) throw error;
      errors.push(describeError(error));
    }
  }
  if (errors.length > 0) throw new CommandError(errors.join('\nError: '));
}

/** The images of a repository, one for each of its tags. */
async function allTags(context: Context, name: string, creds: AuthConfig): Promise<readonly string[]> {
  const credentials = creds.username === '' ? {} : { credentials: creds };
  const repository = await withConnection(context, context.signal, (connection) =>
    new IoImagedClient(connection).listTags({ name, ...credentials }),
  );
  return repository.tags.map((tag) => `${repository.name}:${tag}`);
}

async function pullOne(
  context: Context,
  client: IoPodmanClient,
  name: string,
  creds: AuthConfig,
  quiet: boolean,
): Promise<string> {
  return await withProgress(context, { kind: 'pull', target: name, quiet }, (progress) =>
    followLog(progress, client.pullImageMore({ name, creds })),
  );
}

/** The image of an index for another machine: io.podman cannot ask for it. */
async function pullFor(
  context: Context,
  platform: string,
  name: string,
  creds: AuthConfig,
  quiet: boolean,
): Promise<string> {
  const options = { platform, ...(creds.username === '' ? {} : { sourceCredentials: creds }) };
  const source = inRegistry(name);
  const local = source.replace(/^docker:\/\//, '');
  return await withConnection(context, context.signal, async (connection) => {
    await copyImage(context, connection, source, local, options, quiet);
    const { image } = await new IoPodmanClient(connection).getImage({ id: local });
    return image.id;
  });
}

function platformOf({ arch, os, platform, variant }: PullOptions): string | undefined {
  if (platform !== undefined && (arch !== undefined || os !== undefined))
    throw new CommandError('--platform option can not be specified with --arch or --os');
  if (platform !== undefined) return variant === undefined ? platform : `${platform}/${variant}`;
  if (arch === undefined && os === undefined && variant === undefined) return undefined;
  if (arch === undefined) throw new CommandError('--os and --variant need --arch, too');
  return [os ?? 'linux', arch, ...(variant === undefined ? [] : [variant])].join('/');
}
