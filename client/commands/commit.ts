// imagectl commit: makes an image of a container.
import type { Command } from 'commander';
import { collect } from '../arguments.js';
import { withClient } from '../connection.js';
import type { Context } from '../context.js';
import { CommandError } from '../errors.js';
import { writeAnswer } from '../output/answer-file.js';
import { followLog, withProgress } from '../progress/progress.js';
import { refuseFlags } from '../refused-flags.js';

interface CommitOptions {
  readonly author?: string;
  readonly change?: readonly string[];
  readonly format: string;
  readonly iidfile?: string;
  readonly message?: string;
  readonly pause?: boolean;
  readonly quiet?: boolean;
}

export function defineCommit(command: Command, context: Context): void {
  command
    .description('Create new image based on the changed container')
    .usage('[options] CONTAINER [IMAGE]')
    .argument('[words...]')
    .option('-a, --author <author>', 'Set the author for the image committed')
    .option(
      '-c, --change <instruction>',
      'CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME or WORKDIR (repeatable)',
      collect,
    )
    .option('-f, --format <format>', 'Format of the image manifest and metadata: oci or docker', 'oci')
    .option('--iidfile <file>', 'Write the image ID to this file')
    .option('-m, --message <message>', 'Set commit message for imported image')
    .option('-p, --pause', 'Pause container during commit')
    .option('-q, --quiet', 'Suppress output')
    .action((words: string[], options: CommitOptions) => commit(context, words, options));
  refuseFlags(command, 'commit');
}

async function commit(context: Context, words: readonly string[], options: CommitOptions): Promise<void> {
  const [name, imageName = '', more] = words;
  if (name === undefined || more !== undefined)
    throw new CommandError(`accepts between 1 and 2 arg(s), received ${words.length}`);
  const { author = '', change = [], format, iidfile, message = '', pause = false, quiet = false } = options;
  if (format !== 'oci' && format !== 'docker')
    throw new CommandError(`unrecognized image format ${JSON.stringify(format)}`);
  const changes = [...change];
  const parameters = { name, imageName, changes, author, message, pause, manifestType: format };
  const id = await withClient(context, (client) =>
    withProgress(context, { kind: 'commit', target: name, quiet }, (progress) =>
      followLog(progress, client.commitMore(parameters)),
    ),
  );
  if (iidfile !== undefined && iidfile !== '') await writeAnswer(iidfile, id);
  context.stdout.write(`${id}\n`);
}
