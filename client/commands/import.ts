// imagectl import: a tar of a file system becomes an image.
import type { Command } from 'commander';
import { atLeast } from '../arguments.js';
import { IoPodmanClient } from '../../src/generated/io-podman.js';
import { withConnection } from '../connection.js';
import type { Context } from '../context.js';
import { refuseFlags } from '../refused-flags.js';
import { CommandError } from '../errors.js';
import { withProgress } from '../progress/progress.js';
import { payloadAt, payloadFromInput } from '../payload.js';
import { sendArchive } from '../transfer.js';

interface ImportOptions {
  readonly change: readonly string[];
  readonly message?: string;
  readonly quiet?: boolean;
}

export function defineImport(command: Command, context: Context): void {
  command
    .description('Import a tarball to create a filesystem image')
    .usage('[options] PATH [REFERENCE]')
    .argument('[path...]')
    .option(
      '-c, --change <instruction>',
      'Apply CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME or WORKDIR (repeatable)',
      (value: string, earlier: readonly string[]) => [...earlier, value],
      [],
    )
    .option('-m, --message <message>', 'Set commit message for imported image')
    .option('-q, --quiet', 'Suppress output')
    .action((words: string[], options: ImportOptions) => importImage(context, words, options));
  refuseFlags(command, 'import');
}

async function importImage(
  context: Context,
  words: readonly string[],
  options: ImportOptions,
): Promise<void> {
  const [path, reference = '', ...more] = atLeast(1, words);
  if (more.length > 0) throw new CommandError(`accepts between 1 and 2 arg(s), received ${words.length}`);
  await using payload =
    path === '-'
      ? await payloadFromInput(context, 'command-line redirection')
      : await payloadAt(path, context.signal);
  const { message = '', change: changes } = options;
  const { image } = await withConnection(context, context.signal, (connection) =>
    withProgress(context, { kind: 'import', quiet: options.quiet === true }, async (progress) => {
      const sent = progress.sending(path === '-' ? 'standard input' : path, payload);
      const source = await sendArchive(connection, sent);
      const client = new IoPodmanClient(connection);
      return await client.importImage({ source, reference, message, changes, delete: true });
    }),
  );
  context.stdout.write(`sha256:${image}\n`);
}
