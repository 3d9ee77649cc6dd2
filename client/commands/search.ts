// imagectl search: what registries have.
import type { Command } from 'commander';
import { IoImagedClient } from '../../src/generated/io-imaged.js';
import type { ImageSearchFilter, ImageSearchResult } from '../../src/generated/io-podman.js';
import { collectList, exactlyOne } from '../arguments.js';
import { withClient, withConnection } from '../connection.js';
import type { Context } from '../context.js';
import { CommandError } from '../errors.js';
import { toJson } from '../output/json.js';
import { formatTable } from '../output/table.js';
import { idleFlags, refuseFlags } from '../refused-flags.js';
import { isJsonFormat } from '../report/format-kind.js';

/** As many tags as podman lists. Of repositories the service knows how many. */
const defaultLimit = 25;

/** Prints results that are in the words of podman. */
type Print = (summaries: readonly object[]) => void;

interface SearchOptions {
  readonly compatible?: boolean;
  readonly filter: readonly string[];
  readonly format?: string;
  readonly limit?: string;
  readonly listTags?: boolean;
}

export function defineSearch(command: Command, context: Context): void {
  command
    .description('Search registry for image')
    .usage('[options] TERM')
    .argument('[term...]')
    .option('--compatible', 'List stars, official and automated columns')
    .option('-f, --filter <condition>', 'stars=N, is-official or is-automated (repeatable)', collectList, [])
    .option('--format <format>', 'Change the output format to JSON or a Go template')
    .option('--limit <number>', 'Limit the number of results of each registry (default 25)')
    .option('--list-tags', 'List the tags of the repository TERM')
    .action((words: string[], options: SearchOptions) => search(context, words, options));
  refuseFlags(command, 'search');
  idleFlags(command, '--tls-verify');
}

async function search(context: Context, words: readonly string[], options: SearchOptions): Promise<void> {
  const query = exactlyOne(words);
  const report = await reportOf(context, options.format);
  const limit = limitOf(options.limit);
  const filter = filterOf(options.filter);
  if (options.listTags === true) return await searchTags(context, query, limit, options, report);
  const parameters = { query, limit, filter };
  const { results } = await withClient(context, (client) => client.searchImages(parameters));
  // Nothing found is nothing said, in JSON, too.
  if (results.length === 0) return;
  if (report !== undefined) report(results.map(summary));
  else if (isJsonFormat(options.format)) context.stdout.write(`${toJson(results.map(summary), 4)}\n`);
  else context.stdout.write(layOut(results, options.compatible === true));
}

async function searchTags(
  context: Context,
  query: string,
  limit: number | undefined,
  { filter, format }: SearchOptions,
  report: Print | undefined,
): Promise<void> {
  if (filter.length > 0) throw new CommandError('filters are not applicable to list tags result');
  const { name, tags } = await withConnection(context, context.signal, (connection) =>
    new IoImagedClient(connection).listTags({ name: query, limit: limit || defaultLimit }),
  );
  if (tags.length === 0) return;
  if (report !== undefined) report(tags.map((tag) => taggedSummary(name, tag)));
  else if (isJsonFormat(format)) context.stdout.write(`${toJson([{ Name: name, Tags: tags }], 4)}\n`);
  else context.stdout.write(formatTable([['NAME', 'TAG'], ...tags.map((tag) => [name, tag])]));
}

/** Prints by a template, if one is asked for; it is read before anything else is done. */
async function reportOf(context: Context, format: string | undefined): Promise<Print | undefined> {
  if (format === undefined || isJsonFormat(format)) return undefined;
  const { Report, headingsOf, listOf } = await import('../report/report.js');
  const { searchType } = await import('../report/search-type.js');
  const report = new Report('search', format, { each: true, headings: headingsOf(searchType) });
  return (summaries) => report.print(context.stdout, listOf(searchType, summaries));
}

function limitOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const limit = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(limit)) return limit;
  throw new CommandError(`--limit ${text}: expected a number from 0`);
}

function filterOf(conditions: readonly string[]): ImageSearchFilter {
  const filter: { starCount: number; isOfficial?: boolean; isAutomated?: boolean } = { starCount: 0 };
  for (const condition of conditions) {
    const [key, value = ''] = condition.split(/=(.*)/s);
    if (key === 'stars') filter.starCount = stars(value);
    else if (key === 'is-official') filter.isOfficial = value !== 'false';
    else if (key === 'is-automated') filter.isAutomated = value !== 'false';
    else throw new CommandError(`invalid filter type ${JSON.stringify(condition)}`);
  }
  return filter;
}

function stars(value: string): number {
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw new CommandError(`incorrect value type for stars filter: ${JSON.stringify(value)} is no number`);
}

function layOut(results: readonly ImageSearchResult[], compatible: boolean): string {
  const heading = ['NAME', 'DESCRIPTION', ...(compatible ? ['STARS', 'OFFICIAL', 'AUTOMATED'] : [])];
  const rows = results.map(({ name, description, starCount, isOfficial, isAutomated }) => [
    name,
    description,
    ...(compatible ? [String(starCount), mark(isOfficial), mark(isAutomated)] : []),
  ]);
  return formatTable([heading, ...rows]);
}

function mark(set: boolean): string {
  return set ? '[OK]' : '';
}

/** A result in the words of `podman search --format json`. */
function summary(result: ImageSearchResult): object {
  return {
    Index: result.registry,
    Name: result.name,
    Description: result.description,
    Stars: result.starCount,
    Official: mark(result.isOfficial),
    Automated: mark(result.isAutomated),
    Tag: '',
  };
}

/** A tag as a template sees it. */
function taggedSummary(name: string, tag: string): object {
  const Index = name.slice(0, name.indexOf('/'));
  return { Index, Name: name, Description: '', Stars: 0, Official: '', Automated: '', Tag: tag };
}
