// imagectl inspect: everything that is known of an image, as JSON.
import type { Command } from 'commander';
import { withClient } from '../connection.js';
import type { Context } from '../context.js';
import { CommandError, describeError, isImageNotFound } from '../errors.js';
import { indentJson } from '../output/json.js';
import { printable } from '../output/printable.js';
import { refuseFlags } from '../refused-flags.js';
import { isJsonFormat } from '../report/format-kind.js';

interface InspectOptions {
  readonly format?: string;
  readonly type?: string;
}

/** podman indents these by five. */
const indent = 5;

/** `imagectl inspect`, which could be about more than images; `imagectl image inspect` has no `--type`. */
export function defineInspect(command: Command, context: Context): void {
  command.option('-t, --type <type>', 'Specify inspect-object type: image or all', 'all');
  refuseFlags(command, 'inspect');
  defineImageInspect(command, context);
}

export function defineImageInspect(command: Command, context: Context): void {
  command
    .description('Display the configuration of an image')
    .usage('[options] IMAGE [IMAGE...]')
    .argument('[image...]')
    .option('-f, --format <format>', 'Format the output to a Go template or json', 'json')
    .action((names: string[], options: InspectOptions) => inspect(context, names, options));
}

async function inspect(context: Context, names: readonly string[], options: InspectOptions): Promise<void> {
  if (names.length === 0) throw new CommandError('no names or ids specified');
  if (options.type !== undefined && options.type !== 'all' && options.type !== 'image') {
    throw new CommandError(`invalid type "${options.type}": must be "image" or "all"`);
  }
  const report = await reportOf(context, options);
  const found: string[] = [];
  const missing: { readonly name: string; readonly error: unknown }[] = [];
  await withClient(context, async (client) => {
    for (const name of names) {
      try {
        const { image } = await client.inspectImage({ name });
        found.push(image);
      } catch (error) {
        if (!isImageNotFound(error)) throw error;
        missing.push({ name, error });
      }
    }
  });
  if (report !== undefined) printReport(report, found);
  else context.stdout.write(`${indentJson(`[${found.join(',')}]`, indent)}\n`);
  const [first, ...others] = missing.map(({ name, error }) =>
    options.type === 'all' ? `no such object: ${JSON.stringify(name)}` : describeError(error),
  );
  for (const other of others) context.stderr.write(`error inspecting object: ${printable(other)}\n`);
  if (first !== undefined)
    throw new CommandError(`inspecting object: ${first}`, undefined, { cause: missing[0]?.error });
}

function printReport(report: (images: readonly string[]) => void, images: readonly string[]): void {
  try {
    report(images);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(`inspecting object: printing inspect output: ${error.message}`, undefined, {
      cause: error,
    });
  }
}

/** Prints by a template, if one is asked for; it is read before anything else is done. */
async function reportOf(
  context: Context,
  { format = 'json', type = 'image' }: InspectOptions,
): Promise<((images: readonly string[]) => void) | undefined> {
  if (format === '' || isJsonFormat(format)) return undefined;
  const { Report } = await import('../report/report.js');
  const { inspectedImages, normalizeInspectFormat } = await import('../report/inspect-type.js');
  const report = new Report('inspect', normalizeInspectFormat(format, type === 'image'), { each: true });
  return (images) => report.print(context.stdout, inspectedImages(images));
}
