// imagectl events: what happens to images, and what happened.
import type { Command } from 'commander';
import type { Event } from '../../src/generated/io-podman.js';
import { collect, noArguments } from '../arguments.js';
import { withClient } from '../connection.js';
import type { Context } from '../context.js';
import { printable } from '../output/printable.js';
import { isJsonFormat } from '../report/format-kind.js';

interface EventsOptions {
  readonly filter?: readonly string[];
  readonly format?: string;
  readonly since?: string;
  readonly until?: string;
  readonly follow: boolean;
  readonly stream: boolean;
  readonly trunc: boolean;
}

/** The interface tells of some events only to those who name a type: so all of them are named. */
const types = ['container', 'image', 'machine', 'network', 'pod', 'system', 'volume'];

export function defineEvents(command: Command, context: Context): void {
  command
    .description('Show events of images')
    .usage('[options]')
    .argument('[words...]')
    .option('-f, --filter <filter>', 'Filter output, as in event=pull (repeatable)', collect)
    .option('--format <format>', 'Format the output to JSON or a Go template')
    .option('--since <time>', 'Show all events created since this time')
    .option('--until <time>', 'Show all events until this time')
    .option('--follow', 'Go on with what happens', true)
    .option('--no-follow', 'End with what has happened')
    .option('--no-trunc', 'Do not truncate the output (default)', true)
    .option('--trunc', 'Truncate ids')
    .option('--stream', 'The same as --follow', true)
    .option('--no-stream', 'The same as --no-follow')
    .action((words: string[], options: EventsOptions) => events(context, words, options));
}

async function events(context: Context, words: readonly string[], options: EventsOptions): Promise<void> {
  noArguments('events', words);
  const print = await printerOf(context, options);
  const parameters = parametersOf(options, context.now());
  await withClient(context, async (client) => {
    for await (const { events: event } of client.getEventsMore(parameters)) {
      // The last one says nothing but that there are no more.
      if (event.time !== '' || event.type !== '') print(event);
    }
  });
}

function parametersOf(
  { filter = [], since = '', until = '', follow, stream }: EventsOptions,
  now: number,
): { filter: string[]; since: string; until: string } {
  const named = filter.some((condition) => /^(?:event|status|type)=/.test(condition));
  const filters = [...filter, ...(named ? [] : types.map((type) => `type=${type}`))];
  if (follow && stream) return { filter: filters, since, until };
  // All that has happened: until now, and from the beginning.
  return {
    filter: filters,
    since: since === '' ? new Date(0).toISOString() : since,
    until: until === '' ? new Date(now).toISOString() : until,
  };
}

async function printerOf(
  context: Context,
  { format, trunc }: EventsOptions,
): Promise<(event: Event) => void> {
  const { eventJson, eventLine, eventValue } = await import('../report/event-type.js');
  const { stdout } = context;
  if (format === undefined) return (event) => void stdout.write(`${printable(eventLine(event, trunc))}\n`);
  if (isJsonFormat(format)) return (event) => void stdout.write(`${printable(eventJson(event))}\n`);
  const { Report } = await import('../report/report.js');
  const report = new Report('events', format, { each: false });
  return (event) => report.print(stdout, eventValue(event));
}
