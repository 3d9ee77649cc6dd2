// The tags of a repository, page by page, in the order of the registry.
import { isTag } from '../oci/reference.js';
import { RegistryError } from './errors.js';
import type { Access, HostSession } from './host-session.js';
import { listOf, maxPages, pages, patiently } from './pages.js';

/** Tags of one repository at most. */
const mostTags = 50_000;

/**
 * At most `limit` tags of the repository at `path`, without those that are none. Throws RegistryError, also if there are more
 * than anybody is told of, and HttpTimeoutError when the registry goes on and on.
 */
export async function listTags(
  session: HostSession,
  path: string,
  access: Access,
  limit: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return await patiently(`listing the tags of ${path}`, signal, async (both) => {
    const tags = new Set<string>();
    let read = 0;
    for await (const answer of pages('tags', session, `/v2/${path}/tags/list`, access, both)) {
      for (const tag of listOf(session, answer, { op: 'tags', what: 'a question for tags', key: 'tags' })) {
        // They become names of images: what cannot be pulled is left out.
        if (typeof tag === 'string' && isTag(tag)) tags.add(tag);
        if (tags.size >= limit) return [...tags];
        if (tags.size > mostTags) throw tooMany(session, `${mostTags} tags`);
      }
      read += 1;
      // A part of the tags must not pass for all of them.
      if (read === maxPages) throw tooMany(session, `${maxPages} pages of tags`);
    }
    return [...tags];
  });
}

function tooMany({ host }: HostSession, what: string): RegistryError {
  const message = `there are more than ${what}: give a limit`;
  return new RegistryError('REGISTRY_PROTOCOL', message, { op: 'tags', host });
}
