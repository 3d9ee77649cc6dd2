// imagectl history: the steps an image was made by.
import type { Command } from 'commander';
import type { ImageHistory } from '../../src/generated/io-podman.js';
import { exactlyOne } from '../arguments.js';
import { withClient } from '../connection.js';
import type { Context } from '../context.js';
import { toJson } from '../output/json.js';
import { printable } from '../output/printable.js';
import { formatTable, shorten } from '../output/table.js';
import { humanAge, humanSize } from '../output/units.js';
import { isJsonFormat } from '../report/format-kind.js';

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
    .option('--format <format>', 'Change the output to JSON or a Go template')
    .option('-H, --human', 'Display sizes and dates in human readable format', true)
    .option('--no-human', 'Display dates as they are')
    .option('--no-trunc', 'Do not truncate the output')
    .option('-q, --quiet', 'Display the numeric IDs only')
    .action((names: string[], options: HistoryOptions) => history(context, names, options));
}

async function history(context: Context, names: readonly string[], options: HistoryOptions): Promise<void> {
  const name = exactlyOne(names);
  const report = await reportOf(context, options);
  const { history: steps } = await withClient(context, (client) => client.historyImage({ name }));
  if (report !== undefined) report(steps);
  else if (isJsonFormat(options.format)) context.stdout.write(`${toJson(steps.map(summary))}\n`);
  else context.stdout.write(layOut(steps, options, context.now()));
}

/** Prints by a template, if one is asked for; it is read before anything else is done. */
async function reportOf(
  context: Context,
  { format, quiet, human, trunc }: HistoryOptions,
): Promise<((steps: readonly ImageHistory[]) => void) | undefined> {
  if (format === undefined || isJsonFormat(format) || quiet === true) return undefined;
  const { Report, headingsOf, listOf } = await import('../report/report.js');
  const { historyType, historyValue } = await import('../report/history-type.js');
  const type = historyType({ human, trunc, now: context.now() });
  const report = new Report('history', format, { each: true, headings: headingsOf(type) });
  return (steps) => report.print(context.stdout, listOf(type, steps.map(historyValue)));
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
