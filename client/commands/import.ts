// imagectl import: a tar of a file system becomes an image.
import type { Command } from 'commander';
import { atLeast } from '../arguments.js';
import { IoPodmanClient } from '../../src/generated/io-podman.js';
import { withConnection } from '../connection.js';
import type { Context } from '../context.js';
import { idleFlags, refuseFlags } from '../refused-flags.js';
import { CommandError } from '../errors.js';
import { payloadAt, payloadFromInput } from '../payload.js';
import { sendArchive } from '../transfer.js';

interface ImportOptions {
  readonly change: readonly string[];
  readonly message?: string;
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
    .action((words: string[], options: ImportOptions) => importImage(context, words, options));
  refuseFlags(command, 'import');
  idleFlags(command, '-q, --quiet');
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
  const { image } = await withConnection(context, context.signal, async (connection) => {
    const source = await sendArchive(connection, payload);
    return await new IoPodmanClient(connection).importImage({
      source,
      reference,
      message,
      changes,
      delete: true,
    });
  });
  context.stdout.write(`sha256:${image}\n`);
}
