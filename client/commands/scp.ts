// imagectl scp: an image from one host to another, through this process and never through a file of it.
import type { Command } from 'commander';
import { IoPodmanClient, ImageNotFound } from '../../src/generated/io-podman.js';
import type { Connection } from '../../src/rpc/index.js';
import { withService } from '../connection.js';
import type { Context } from '../context.js';
import { CommandError } from '../errors.js';
import { printable } from '../output/printable.js';
import { followLog, withProgress } from '../progress/progress.js';
import type { Destination } from '../remote/destination.js';
import { destinationAt, parsePlace, type Place } from '../remote/place.js';
import { downloadArchive, sendArchive, type Payload } from '../transfer.js';

export function defineScp(command: Command, context: Context): void {
  command
    .description('Copy an image from one host to another')
    .usage('[options] [HOST::]IMAGE [HOST::[NAME]]')
    .argument('[places...]')
    .option('-q, --quiet', 'Suppress the output')
    .action((words: string[], { quiet = false }: { quiet?: boolean }) => scp(context, words, quiet));
}

async function scp(context: Context, words: readonly string[], quiet: boolean): Promise<void> {
  const [from, to, ...more] = words;
  if (from === undefined || more.length > 0)
    throw new CommandError(`accepts between 1 and 2 arg(s), received ${words.length}`);
  const source = parsePlace(from);
  const target = parsePlace(to ?? '');
  if (source.image === '') throw new CommandError(`${from}: the image is missing`);
  if (to !== undefined && !to.includes('::')) throw new CommandError(`${to}: expected HOST:: or HOST::NAME`);
  if (source.host === target.host)
    throw new CommandError('the image is to come from one host and go to another');
  const [here, there] = [await destinationAt(source, context), await destinationAt(target, context)];
  const names = await withService(context, here, context.signal, (reading) =>
    withService(context, there, context.signal, (writing) =>
      copy(context, { reading, source, there, writing, target }, quiet),
    ),
  );
  for (const name of names) context.stdout.write(`Loaded image: ${printable(name)}\n`);
}

/** The same context, whose service is that of another destination. */
function at(context: Context, destination: Destination): Context {
  return { ...context, destination: async () => destination };
}

interface Copy {
  readonly there: Destination;
  readonly reading: Connection;
  readonly source: Place;
  readonly writing: Connection;
  readonly target: Place;
}

/** The names that the image has at its destination. */
async function copy(
  context: Context,
  { reading, source, there, writing, target }: Copy,
  quiet: boolean,
): Promise<readonly string[]> {
  const podman = new IoPodmanClient(writing);
  const { image } = await new IoPodmanClient(reading).getImage({ id: source.image });
  const wanted = target.image === '' ? meant(image.repoTags, source.image) : [target.image];
  if (await isThere(podman, image.id)) {
    if (!quiet) context.stderr.write('The image is there already; only its names are new\n');
    for (const tagged of wanted) await podman.tagImage({ name: image.id, tagged });
    return wanted.length > 0 ? wanted : [`sha256:${image.id}`];
  }
  const loaded = await withProgress(at(context, there), { kind: 'load', quiet }, async (progress) => {
    const archive = downloadArchive(reading, { name: source.image }, (line) => progress.log(line));
    await using payload = passedOn(archive);
    const inputFile = await sendArchive(writing, progress.sending(source.image, payload));
    return await followLog(progress, podman.loadImageMore({ name: '', inputFile, quiet, deleteFile: true }));
  });
  if (target.image === '') return loaded.split(', ');
  await podman.tagImage({ name: image.id, tagged: target.image });
  return [target.image];
}

/** The names by which an image was asked for; all it has, if that was an id. */
function meant(names: readonly string[], text: string): readonly string[] {
  const found = names.filter((name) => name === text || name.endsWith(`/${text}`));
  return found.length > 0 ? found : names;
}

async function isThere(podman: IoPodmanClient, id: string): Promise<boolean> {
  try {
    return (await podman.getImage({ id })).image.id === id;
  } catch (error) {
    if (error instanceof ImageNotFound) return false;
    throw error;
  }
}

/** What is read there is sent here. If this side ends early, its connections go with the command. */
function passedOn(bytes: AsyncIterable<Buffer>): Payload {
  return {
    length: undefined,
    start: async () => await Promise.reject(new Error('nobody looks at what is passed on')),
    bytes: () => bytes,
    [Symbol.asyncDispose]: async () => undefined,
  };
}
