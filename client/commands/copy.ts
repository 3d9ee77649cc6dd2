// imagectl copy: from any place to any other, as skopeo spells it; podman has no such command.
import type { Command } from 'commander';
import type { CopyOptions, Credentials } from '../../src/generated/io-imaged.js';
import { withConnection } from '../connection.js';
import type { Context } from '../context.js';
import { copyImage, oneOf } from '../copy-image.js';
import { parseCredentials } from '../credentials.js';

interface CopyFlags {
  readonly all?: boolean;
  readonly format?: string;
  readonly destCompress?: boolean;
  readonly destCompressFormat?: string;
  readonly destCreds?: string;
  readonly platform?: string;
  readonly quiet?: boolean;
  readonly removeSignatures?: boolean;
  readonly signBy?: string;
  readonly srcCreds?: string;
}

export function defineCopy(command: Command, context: Context): void {
  command
    .description('Copy an image from any place to any other')
    .usage('[options] SOURCE DESTINATION')
    .argument('<source>')
    .argument('<destination>')
    .option('-a, --all', 'Copy every image of an index, and the index')
    .option('--dest-compress', 'Compress layers where they could stay as they are')
    .option('--dest-compress-format <format>', 'gzip or zstd, for layers that have to be compressed')
    .option('--dest-creds <username:password>', 'Credentials for the destination')
    .option('-f, --format <format>', 'oci or docker (default: what the source has)')
    .option('--platform <os/architecture>', 'Image of an index to copy (default: for this machine)')
    .option('-q, --quiet', 'Suppress output information')
    .option('--remove-signatures', 'Do not copy signatures')
    .option('--sign-by <key>', "Sign with this key of the service's ring")
    .option('--src-creds <username:password>', 'Credentials for the source')
    .action((source: string, destination: string, flags: CopyFlags) =>
      copy(context, source, destination, flags),
    );
}

async function copy(context: Context, source: string, destination: string, flags: CopyFlags): Promise<void> {
  const options = optionsOf(flags);
  const digest = await withConnection(context, context.signal, (connection) =>
    copyImage(context, connection, source, destination, options, flags.quiet === true),
  );
  context.stdout.write(`${digest}\n`);
}

function optionsOf(flags: CopyFlags): CopyOptions {
  return {
    all: flags.all,
    compress: flags.destCompress,
    compression: oneOf('--dest-compress-format', ['gzip', 'zstd'], flags.destCompressFormat),
    destinationCredentials: credentials('--dest-creds', flags.destCreds),
    format: oneOf('--format', ['oci', 'docker'], flags.format),
    platform: flags.platform,
    removeSignatures: flags.removeSignatures,
    signBy: flags.signBy,
    sourceCredentials: credentials('--src-creds', flags.srcCreds),
  };
}

function credentials(flag: string, text: string | undefined): Credentials | undefined {
  return text === undefined ? undefined : parseCredentials(text, flag);
}
