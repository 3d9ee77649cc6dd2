// imagectl history: the steps an image was made by.
import type { Command } from 'commander';
import type { ImageHistory } from '../../src/generated/io-podman.js';
import { exactlyOne, wantsJson } from '../arguments.js';
import { withClient } from '../connection.js';
import type { Context } from '../context.js';
import { toJson } from '../output/json.js';
import { printable } from '../output/printable.js';
import { formatTable, shorten } from '../output/table.js';
import { humanAge, humanSize } from '../output/units.js';

interface HistoryOptions {
  readonly format?: string;
  readonly human: boolean;
  readonly trunc: boolean;
  readonly quiet?: boolean;
}

const createdByWidth = 45;

export function defineHistory(command: Command, context: Context): void {
  command
    .description('Show history of a specified image')
    .usage('[options] IMAGE')
    .argument('[image...]')
    .option('--format <format>', 'Change the output to JSON')
    .option('-H, --human', 'Display sizes and dates in human readable format', true)
    .option('--no-human', 'Display dates as they are')
    .option('--no-trunc', 'Do not truncate the output')
    .option('-q, --quiet', 'Display the numeric IDs only')
    .action((names: string[], options: HistoryOptions) => history(context, names, options));
}

async function history(context: Context, names: readonly string[], options: HistoryOptions): Promise<void> {
  const name = exactlyOne(names);
  const json = wantsJson(options.format);
  const { history: steps } = await withClient(context, (client) => client.historyImage({ name }));
  context.stdout.write(json ? `${toJson(steps.map(summary))}\n` : layOut(steps, options, context.now()));
}

function layOut(steps: readonly ImageHistory[], options: HistoryOptions, now: number): string {
  const id = (step: ImageHistory): string => (options.trunc ? step.id.slice(0, 12) : step.id);
  if (options.quiet === true) return steps.map((step) => `${printable(id(step))}\n`).join('');
  const lines = steps.map((step) => [
    id(step),
    options.human ? humanAge(now - Date.parse(step.created)) : step.created,
    options.trunc ? shorten(step.createdBy, createdByWidth) : step.createdBy,
    humanSize(step.size),
    step.comment,
  ]);
  return formatTable([['ID', 'CREATED', 'CREATED BY', 'SIZE', 'COMMENT'], ...lines]);
}

/** A step in the words of `podman history --format json`. */
function summary(step: ImageHistory): object {
  return {
    id: step.id,
    created: step.created,
    CreatedBy: step.createdBy,
    size: step.size,
    ...(step.comment === '' ? {} : { comment: step.comment }),
    Created: step.created,
  };
}
