// imagectl diff: what the uppermost layer of an image changes in what is under it.
import type { Command } from 'commander';
import type { DiffInfo } from '../../src/generated/io-podman.js';
import { withClient } from '../connection.js';
import type { Context } from '../context.js';
import { CommandError } from '../errors.js';
import { toJson } from '../output/json.js';
import { printable } from '../output/printable.js';
import { refuseFlags } from '../refused-flags.js';
import { isJsonFormat } from '../report/format-kind.js';

interface DiffOptions {
  readonly format?: string;
}

export function defineDiff(command: Command, context: Context): void {
  command
    .description("Inspect changes to an image's or container's file system")
    .usage('[options] IMAGE|CONTAINER')
    .argument('[image...]')
    .option('--format <format>', 'Change the output format (json)')
    .action((names: string[], options: DiffOptions) => diff(context, names, options));
  refuseFlags(command, 'diff');
}

async function diff(context: Context, names: readonly string[], { format = '' }: DiffOptions): Promise<void> {
  const [name, other, third] = names;
  if (name === undefined || third !== undefined)
    throw new CommandError(`accepts between 1 and 2 arg(s), received ${names.length}`);
  if (other !== undefined)
    throw new CommandError(
      'comparing two images is not supported, because the service compares an image with what it is built on',
    );
  if (format !== '' && !isJsonFormat(format))
    throw new CommandError("only supported value for '--format' is 'json'");
  const { diffs } = await withClient(context, (client) => client.diff({ name }));
  context.stdout.write(format === '' ? lines(diffs) : `${toJson(byKind(diffs), 5)}\n`);
}

function lines(diffs: readonly DiffInfo[]): string {
  return diffs.map(({ changeType, path }) => `${printable(`${changeType} ${path}`)}\n`).join('');
}

/** In the words of `podman diff --format json`; what there is none of is left out. */
function byKind(diffs: readonly DiffInfo[]): object {
  const paths = (kind: string): string[] | undefined => {
    const found = diffs.filter(({ changeType }) => changeType === kind).map(({ path }) => path);
    return found.length === 0 ? undefined : found;
  };
  return { changed: paths('C'), added: paths('A'), deleted: paths('D') };
}
