// SearchImages: what the registries have for a word, at each of them at once (images-and-transports §5.11).
import { isDomain } from '../oci/reference.js';
import type { FoundRepository } from '../registry/search.js';
import { InvalidSearchError, messageOf } from './errors.js';
import type { Registries } from './registries.js';

export interface SearchContext {
  readonly registries: Registries;
  readonly warn: (message: string) => void;
}

/** What a caller asks for. */
export interface SearchRequest {
  /** A word, or `registry/word`; `registry/` finds everything there. */
  readonly query: string;
  /** Results of each registry at most; null and 0: 25. */
  readonly limit: number | null;
  /** Null does not count. */
  readonly filter: {
    readonly isOfficial: boolean | null;
    readonly isAutomated: boolean | null;
    /** At least so many. */
    readonly starCount: number;
  };
}

export interface SearchResult {
  /** In one line, cut where it is long. */
  readonly description: string;
  readonly isOfficial: boolean;
  readonly isAutomated: boolean;
  /** `quay.io`, `127.0.0.1:5000`. */
  readonly registry: string;
  /** With the registry, as it can be pulled. */
  readonly name: string;
  readonly starCount: number;
}

const defaultLimit = 25;
const mostResults = 10_000;
const registriesAtOnce = 6;
/** The 44 characters that are left of a longer one. */
const longDescription = /^.{44}(?=.)/su;

/**
 * Searches the registry that the query names, or all that short names are looked for in; one that fails is logged and has no
 * results. Throws {@link InvalidSearchError}.
 */
export async function searchImages(
  { registries, warn }: SearchContext,
  request: SearchRequest,
  signal: AbortSignal,
): Promise<readonly SearchResult[]> {
  const { hosts, term } = whereAndWhat(request.query, registries.search);
  const query = { term, limit: checkedLimit(request.limit), accepts: filterOf(request.filter) };
  const results: (readonly SearchResult[])[] = hosts.map(() => []);
  const waiting = hosts.entries();
  const searcher = async (): Promise<void> => {
    for (const [index, host] of waiting) {
      try {
        const found = await registries.searchAt(host, query, signal);
        results[index] = found.map((repository) => resultOf(host, repository));
      } catch (error) {
        signal.throwIfAborted();
        warn(`searching ${host}: ${messageOf(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: registriesAtOnce }, searcher));
  return results.flat();
}

/** Whatever stands in front of a slash is a registry: clients have always been told so. */
function whereAndWhat(
  query: string,
  search: readonly string[],
): { readonly hosts: readonly string[]; readonly term: string } {
  if (query === '') throw new InvalidSearchError('query', 'nothing to search for');
  const slash = query.indexOf('/');
  if (slash < 0) return { hosts: [...new Set(search)], term: query };
  const host = query.slice(0, slash);
  if (!isDomain(host)) {
    throw new InvalidSearchError('query', `error getting registry from "${query}": invalid reference format`);
  }
  return { hosts: [host], term: query.slice(slash + 1) };
}

function checkedLimit(limit: number | null): number {
  if (limit === null || limit === 0) return defaultLimit;
  if (limit < 0) throw new InvalidSearchError('limit', `limit must not be negative, but is ${limit}`);
  return Math.min(limit, mostResults);
}

function filterOf({ isOfficial, isAutomated, starCount }: SearchRequest['filter']) {
  return ({ official, automated, stars }: FoundRepository): boolean =>
    (isOfficial === null || official === isOfficial) &&
    (isAutomated === null || automated === isAutomated) &&
    stars >= starCount;
}

function resultOf(
  host: string,
  { name, description, stars, official, automated }: FoundRepository,
): SearchResult {
  const repository = host === 'docker.io' && !name.includes('/') ? `library/${name}` : name;
  return {
    description: shortened(description),
    isOfficial: official,
    isAutomated: automated,
    registry: host,
    name: `${host}/${repository}`,
    starCount: stars,
  };
}

function shortened(description: string): string {
  const line = description.replaceAll(/\r\n|\r|\n/g, ' ');
  const beginning = longDescription.exec(line)?.[0];
  return beginning === undefined ? line : `${beginning}...`;
}
