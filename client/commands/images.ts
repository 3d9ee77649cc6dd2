// imagectl images: the list of local images.
import type { Command } from 'commander';
import type { Image } from '../../src/generated/io-podman.js';
import { atMostOne, collectList } from '../arguments.js';
import { withClient } from '../connection.js';
import type { Context } from '../context.js';
import { CommandError } from '../errors.js';
import { matchesName, repositoryAndTag, unnamed } from '../image-name.js';
import { toJson } from '../output/json.js';
import { formatTable } from '../output/table.js';
import { isJsonFormat } from '../report/format-kind.js';
import type { ImageRow as Row } from '../report/image-type.js';
import { humanAge, humanSize } from '../output/units.js';

interface ImagesOptions {
  readonly all?: boolean;
  readonly digests?: boolean;
  readonly filter?: readonly string[];
  readonly format?: string;
  readonly history?: boolean;
  readonly noheading?: boolean;
  readonly trunc: boolean;
  readonly quiet?: boolean;
  readonly sort: string;
}

const orders: ReadonlyMap<string, (a: Row, b: Row) => number> = new Map([
  ['created', (a, b) => Date.parse(b.image.created) - Date.parse(a.image.created)],
  ['id', (a, b) => compare(a.image.id, b.image.id)],
  ['repository', (a, b) => compare(a.repository, b.repository)],
  ['size', (a, b) => a.image.size - b.image.size],
  ['tag', (a, b) => compare(a.tag, b.tag)],
]);

export function defineImages(command: Command, context: Context): void {
  command
    .description('List images in local storage')
    .usage('[options] [IMAGE]')
    .argument('[image...]')
    .option('-a, --all', 'Show all images (default hides intermediate images)')
    .option('--digests', 'Show digests')
    .option('-f, --filter <filter>', 'Filter output based on conditions provided', collectList)
    .option('--format <format>', 'Change the output format to JSON or a Go template')
    .option('--history', 'Display the image name history')
    .option('--no-trunc', 'Do not truncate output')
    .option('-n, --noheading', 'Do not print column headings')
    .option('-q, --quiet', 'Display only image IDs')
    .option('--sort <field>', 'Sort by created, id, repository, size, tag', 'created')
    .action((names: string[], options: ImagesOptions) => images(context, command.name(), names, options));
}

async function images(
  context: Context,
  command: string,
  names: readonly string[],
  options: ImagesOptions,
): Promise<void> {
  const order = orders.get(options.sort);
  if (order === undefined) {
    const fields = [...orders.keys()].join(', ');
    throw new CommandError(`"${options.sort}" is not a valid field for sorting. Choose from: ${fields}`);
  }
  const report = await reportOf(context, command, options);
  const name = atMostOne(names);
  if (name !== undefined && options.filter !== undefined) {
    throw new CommandError('cannot specify an image and a filter(s)');
  }
  const found = await withClient(context, async (client) => {
    const { images } =
      options.filter === undefined
        ? await client.listImages({})
        : await client.listImagesWithFilters({ filters: [...options.filter] });
    return images;
  });
  const rows = found
    .filter((image) => options.all === true || !isIntermediate(image))
    .filter((image) => name === undefined || image.repoTags.some((own) => matchesName(name, own)))
    .flatMap(rowsOf)
    .toSorted(order);
  if (report !== undefined) report(rows);
  else if (isJsonFormat(options.format)) context.stdout.write(`${toJson(rows.map(summary), 4)}\n`);
  else context.stdout.write(layOut(rows, options, context.now()));
}

/** Prints by a template, if one is asked for; it is read before anything else is done. */
async function reportOf(
  context: Context,
  command: string,
  { format, quiet, noheading, trunc }: ImagesOptions,
): Promise<((rows: readonly Row[]) => void) | undefined> {
  if (format === undefined || isJsonFormat(format) || quiet === true) return undefined;
  const { Report, headingsOf, listOf } = await import('../report/report.js');
  const { imageType, imageValue } = await import('../report/image-type.js');
  const type = imageType({ trunc, now: context.now() });
  const headings = noheading === true ? undefined : headingsOf(type, { ID: 'IMAGE ID', ReadOnly: 'R/O' });
  const report = new Report(command, format, { each: true, headings });
  return (rows) => report.print(context.stdout, listOf(type, rows.map(imageValue)));
}

function isIntermediate(image: Image): boolean {
  return image.repoTags.length === 0 && image.isParent;
}

function rowsOf(image: Image): Row[] {
  if (image.repoTags.length === 0) return [{ image, repository: unnamed, tag: unnamed }];
  return image.repoTags.map((name) => {
    const [repository, tag] = repositoryAndTag(name);
    return { image, repository, tag };
  });
}

function layOut(rows: readonly Row[], options: ImagesOptions, now: number): string {
  const id = (image: Image): string => (options.trunc ? image.id.slice(0, 12) : `sha256:${image.id}`);
  if (options.quiet === true) {
    const ids = new Set(rows.map(({ image }) => id(image)));
    return [...ids].map((text) => `${text}\n`).join('');
  }
  const line = (
    repository: string,
    tag: string,
    digest: string,
    rest: readonly string[],
    history: string,
  ): string[] => [
    repository,
    tag,
    ...(options.digests === true ? [digest] : []),
    ...rest,
    ...(options.history === true ? [history] : []),
  ];
  const heading = line('REPOSITORY', 'TAG', 'DIGEST', ['IMAGE ID', 'CREATED', 'SIZE'], 'HISTORY');
  const lines = rows.map(({ image, repository, tag }) => {
    const created = humanAge(now - Date.parse(image.created));
    const rest = [id(image), created, humanSize(image.size)];
    return line(repository, tag, image.digest, rest, image.history.join(', '));
  });
  return formatTable(options.noheading === true ? lines : [heading, ...lines]);
}

/** An image in the words of `podman images --format json`, which lists it once for each of its names. */
function summary({ image }: Row): object {
  const { labels, repoTags, history } = image;
  const created = new Date(image.created);
  return {
    Id: image.id,
    ParentId: image.parentId,
    RepoTags: null,
    RepoDigests: image.repoDigests,
    Size: image.size,
    SharedSize: 0,
    VirtualSize: image.virtualSize,
    Labels: Object.keys(labels).length === 0 ? null : sorted(labels),
    Containers: image.containers,
    ...(image.readOnly ? { ReadOnly: true } : {}),
    ...(repoTags.length === 0 ? { Dangling: true } : { Names: repoTags }),
    Digest: image.digest,
    ...(history.length === 0 ? {} : { History: history }),
    Created: Math.floor(created.getTime() / 1000),
    CreatedAt: image.created,
  };
}

function sorted(map: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).toSorted(([a], [b]) => compare(a, b)));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
