// imagectl push: copies an image to a registry, an archive or a directory of the service's host.
import type { Command } from 'commander';
import { withClient, withConnection } from '../connection.js';
import type { Context } from '../context.js';
import { copyImage, inRegistry, oneOf } from '../copy-image.js';
import { parseCredentials } from '../credentials.js';
import { CommandError } from '../errors.js';
import { followLog, withProgress } from '../progress/progress.js';
import { writeAnswer } from '../output/answer-file.js';
import { idleFlags, refuseFlags } from '../refused-flags.js';

interface PushOptions {
  readonly compress?: boolean;
  readonly compressionFormat?: string;
  readonly creds?: string;
  readonly digestfile?: string;
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
    .option('--compression-format <format>', 'gzip or zstd, for layers that have to be compressed')
    .option('--creds <username:password>', 'Credentials to use for authenticating to a registry')
    .option('--digestfile <file>', 'Write the digest of the pushed image to the specified file')
    .option('-f, --format <format>', 'Manifest type (oci, v2s2, or v2s1) to use in the destination')
    .option('-q, --quiet', 'Suppress output information when pushing images')
    .option('--remove-signatures', 'Discard any pre-existing signatures in the image')
    .option('--sign-by <key>', 'Add a signature at the destination using the specified key')
    .action((words: string[], options: PushOptions) => push(context, words, options));
  refuseFlags(command, 'push');
  idleFlags(command, '--disable-content-trust', '--tls-verify');
}

async function push(context: Context, words: readonly string[], options: PushOptions): Promise<void> {
  const [name, tag = '', more] = words;
  if (name === undefined || more !== undefined) {
    throw new CommandError(
      'push requires at least one image name, and optionally a second to specify a different destination',
    );
  }
  const { compressionFormat, creds, digestfile } = options;
  if (compressionFormat !== undefined || creds !== undefined || digestfile !== undefined) {
    await pushByCopy(context, name, tag === '' ? name : tag, options);
    return;
  }
  const { compress = false, format = '', removeSignatures = false, signBy = '' } = options;
  const parameters = { name, tag, compress, format, removeSignatures, signBy };
  await withClient(context, (client) =>
    withProgress(context, { kind: 'push', quiet: options.quiet === true }, (progress) =>
      followLog(progress, client.pushImageMore(parameters)),
    ),
  );
}

/** A push that io.podman cannot carry. */
async function pushByCopy(
  context: Context,
  name: string,
  destination: string,
  {
    compress,
    compressionFormat,
    creds,
    digestfile,
    format,
    quiet = false,
    removeSignatures,
    signBy,
  }: PushOptions,
): Promise<void> {
  const forms = { oci: 'oci', v2s2: 'docker' } as const;
  const form = oneOf('--format', ['oci', 'v2s2'], format);
  const options = {
    compress,
    compression: oneOf('--compression-format', ['gzip', 'zstd'], compressionFormat),
    destinationCredentials: creds === undefined ? undefined : parseCredentials(creds),
    format: form === undefined ? undefined : forms[form],
    removeSignatures,
    signBy,
  };
  const digest = await withConnection(context, context.signal, (connection) =>
    copyImage(context, connection, `containers-storage:${name}`, inRegistry(destination), options, quiet),
  );
  if (digestfile !== undefined) await writeAnswer(digestfile, digest);
}
