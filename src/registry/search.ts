// Searching one registry: the old search of version 1 if it has that, else its catalogue, page by page.
import { InvalidReferenceError, parseReference } from '../oci/reference.js';
import type { ControlAnswer } from './control.js';
import type { Credentials } from './credentials.js';
import { RegistryError } from './errors.js';
import type { Access, HostSession } from './host-session.js';
import { askForList, listOf, pages, patiently } from './pages.js';

/** What a registry says of one of its repositories. */
export interface FoundRepository {
  /** Without the registry. */
  readonly name: string;
  readonly description: string;
  readonly stars: number;
  readonly official: boolean;
  readonly automated: boolean;
}

/** What is looked for at one registry. */
export interface RepositoryQuery {
  /** A part of the name; empty: everything. */
  readonly term: string;
  /** Results at most. */
  readonly limit: number;
  /** Those it is false for count neither as results nor for the limit. */
  readonly accepts: (found: FoundRepository) => boolean;
}

/** What version 1 gives at once at most, as Docker Hub has it. */
const mostOfVersionOne = 100;

/**
 * The repositories of a registry that fit, one of just that name first. Throws RegistryError, and HttpTimeoutError when the
 * registry goes on and on.
 */
export async function searchRepositories(
  session: HostSession,
  query: RepositoryQuery,
  credentials: Credentials | undefined,
  signal: AbortSignal,
): Promise<readonly FoundRepository[]> {
  return await patiently('searching', signal, async (both) => {
    const old = query.term === '' ? undefined : await searchVersionOne(session, query, both);
    const found = old ?? (await searchCatalog(session, query, credentials, both));
    return found.slice(0, query.limit);
  });
}

/** Undefined: this registry does not have it, or not for everybody. */
async function searchVersionOne(
  session: HostSession,
  { term, limit, accepts }: RepositoryQuery,
  signal: AbortSignal,
): Promise<readonly FoundRepository[] | undefined> {
  // A filter may leave few of many.
  const count = String(Math.max(limit, mostOfVersionOne));
  const path = `/v1/search?${new URLSearchParams({ n: count, q: term }).toString()}`;
  let answer: ControlAnswer;
  try {
    answer = await ask(session, path, undefined, signal);
  } catch (error) {
    signal.throwIfAborted();
    // What does not even answer a ping has no catalogue either.
    if (!(error instanceof RegistryError) || error.op === 'ping') throw error;
    return undefined;
  }
  const results = listIn(session, answer, 'results').map(readResult);
  return results.filter((result) => isRepository(session.host, result.name) && accepts(result));
}

function readResult(value: unknown): FoundRepository {
  const fields = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const { name, description, star_count: stars, is_official: official } = fields;
  return {
    name: typeof name === 'string' ? name : '',
    description: typeof description === 'string' ? description : '',
    stars: typeof stars === 'number' && Number.isSafeInteger(stars) ? stars : 0,
    official: official === true,
    automated: fields['is_automated'] === true || fields['is_trusted'] === true,
  };
}

async function searchCatalog(
  session: HostSession,
  { term, limit, accepts }: RepositoryQuery,
  credentials: Credentials | undefined,
  signal: AbortSignal,
): Promise<readonly FoundRepository[]> {
  const access = { scopes: ['registry:catalog:*'], credentials };
  const names = new Set<string>();
  for await (const answer of pages('search', session, '/v2/_catalog', access, signal)) {
    for (const name of listIn(session, answer, 'repositories')) {
      const fits = typeof name === 'string' && name.includes(term) && isRepository(session.host, name);
      if (fits && accepts(catalogued(name))) names.add(name);
    }
    if (names.size >= limit) break;
  }
  return [...names].toSorted((a, b) => Number(b === term) - Number(a === term)).map(catalogued);
}

/** A catalogue knows nothing but names. */
function catalogued(name: string): FoundRepository {
  return { name, description: '', stars: 0, official: false, automated: false };
}

function ask(
  session: HostSession,
  path: string,
  access: Access | undefined,
  signal: AbortSignal,
): Promise<ControlAnswer> {
  return askForList('search', session, path, access, signal);
}

function listIn(session: HostSession, answer: ControlAnswer, key: string): readonly unknown[] {
  return listOf(session, answer, { op: 'search', what: 'a search', key });
}

/** Names from outside become names of images: what could not be pulled is no result. */
function isRepository(host: string, name: string): boolean {
  try {
    return parseReference(`${host}/${name}`).path === name;
  } catch (error) {
    if (error instanceof InvalidReferenceError) return false;
    throw error;
  }
}
