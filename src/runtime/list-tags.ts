// ListTags: which tags the repository has that a name means.
import { decompose } from '../oci/local-name.js';
import { parseNormalized, repositoryName, trimNamed, type Reference } from '../oci/reference.js';
import { transportNameIn } from '../oci/transport-name.js';
import { passwordCredentials } from '../registry/credentials.js';
import { InvalidSearchError, messageOf } from './errors.js';
import type { Registries } from './registries.js';

export interface TagsRequest {
  /** Of a repository, in full or to be completed with the registries that short names are looked for in. */
  readonly name: string;
  /** Null and 0: all. */
  readonly limit: number | null;
  /** Without a user name those of the auth files are used. */
  readonly credentials?: { readonly username: string; readonly password: string } | undefined;
}

export interface RepositoryTags {
  /** The repository in full. */
  readonly name: string;
  /** In the order of the registry. */
  readonly tags: readonly string[];
}

/**
 * The tags of the first repository that answers of those the name may mean. Throws {@link InvalidSearchError}, ShortNameError,
 * InvalidReferenceError, RegistryBlockedError and RegistryError.
 */
export async function listTags(
  registries: Registries,
  { name, limit, credentials = { username: '', password: '' } }: TagsRequest,
  signal: AbortSignal,
): Promise<RepositoryTags> {
  if (limit !== null && limit < 0) {
    throw new InvalidSearchError('limit', `limit must not be negative, but is ${limit}`);
  }
  const most = limit === null || limit === 0 ? Infinity : limit;
  const who = passwordCredentials(credentials.username, credentials.password);
  const failures: unknown[] = [];
  for (const repository of repositories(registries, name)) {
    try {
      const tags = await registries.tags(repository, who, most, signal);
      return { name: repositoryName(repository), tags };
    } catch (error) {
      signal.throwIfAborted();
      failures.push(error);
    }
  }
  if (failures.length === 1) throw failures[0];
  throw new InvalidSearchError('query', failures.map(messageOf).join('; '));
}

function repositories(registries: Registries, name: string): readonly Reference[] {
  if (name === '') throw new InvalidSearchError('query', 'no repository is named');
  const named = transportNameIn(name);
  if (named !== undefined && named.transport !== 'docker') {
    throw new InvalidSearchError(
      'query',
      `listing all tags is not supported for ${named.transport} transport`,
    );
  }
  if (named === undefined && !decompose(name).hasRegistry) {
    return registries.pullCandidates(name).map(trimNamed);
  }
  return [trimNamed(parseNormalized(named === undefined ? name : named.rest.slice(2)))];
}
