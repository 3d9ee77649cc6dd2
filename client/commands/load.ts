// imagectl load: images of an archive into the store.
import type { Command } from 'commander';
import { atMostOne } from '../arguments.js';
import { IoPodmanClient } from '../../src/generated/io-podman.js';
import { withConnection } from '../connection.js';
import type { Context } from '../context.js';
import { printable } from '../output/printable.js';
import { followLog, withProgress } from '../progress/progress.js';
import { payloadAt, payloadFromInput } from '../payload.js';
import { sendArchive } from '../transfer.js';

interface LoadOptions {
  readonly input?: string;
  readonly quiet?: boolean;
}

export function defineLoad(command: Command, context: Context): void {
  command
    .description('Load image(s) from a tar archive')
    .usage('[options] [NAME]')
    .argument('[name...]')
    .option('-i, --input <file>', 'Read from specified archive file (default: stdin)')
    .option('-q, --quiet', 'Suppress the output')
    .action((words: string[], options: LoadOptions) => load(context, words, options));
}

async function load(context: Context, words: readonly string[], options: LoadOptions): Promise<void> {
  const name = atMostOne(words) ?? '';
  const quiet = options.quiet === true;
  await using payload =
    options.input === undefined
      ? await payloadFromInput(context, 'command-line redirection or the --input flag')
      : await payloadAt(options.input, context.signal);
  const names = await withConnection(context, context.signal, (connection) =>
    withProgress(context, { kind: 'load', quiet }, async (progress) => {
      const sent = progress.sending(options.input ?? 'standard input', payload);
      const inputFile = await sendArchive(connection, sent);
      const client = new IoPodmanClient(connection);
      return await followLog(progress, client.loadImageMore({ name, inputFile, quiet, deleteFile: true }));
    }),
  );
  for (const loaded of names.split(', ')) context.stdout.write(`Loaded image: ${printable(loaded)}\n`);
}
