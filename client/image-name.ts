// The names of images as the tables show them, and which of them an argument means.

/** The two columns of a name: `docker.io/library/busybox` and `1.36`. `<none>` stands for what is not there. */
export function repositoryAndTag(name: string): [repository: string, tag: string] {
  const digest = name.indexOf('@');
  const bare = digest < 0 ? name : name.slice(0, digest);
  const colon = bare.lastIndexOf(':');
  const repository = colon > bare.lastIndexOf('/') ? bare.slice(0, colon) : bare;
  const tag = digest < 0 && repository !== bare ? bare.slice(colon + 1) : unnamed;
  return [repository, tag];
}

/** What stands for a name or tag that is not there. */
export const unnamed = '<none>';

/**
 * Does the argument of `images` mean this name? It is a pattern with `*`, `?` and `[…]`, none of which matches a `/`, for
 * the whole name, the name without its registry or its last part, each with its tag or digest or without.
 */
export function matchesName(pattern: string, name: string): boolean {
  const matcher = globMatcher(pattern);
  const [repository] = repositoryAndTag(name);
  return [name, repository].some((form) => suffixes(form).some((candidate) => matcher.test(candidate)));
}

function suffixes(form: string): string[] {
  // Not the slashes of a digest: there are none in it.
  const first = form.indexOf('/');
  const last = form.lastIndexOf('/');
  return [form, form.slice(first + 1), form.slice(last + 1)];
}

function globMatcher(pattern: string): RegExp {
  const source = pattern.replace(/\[(?:\^?)[^\]]+\]|[\\^$.*+?()[\]{}|]/g, (found) => {
    if (found === '*') return '[^/]*';
    if (found === '?') return '[^/]';
    return found.length > 1 ? found.replaceAll('\\', '\\\\') : `\\${found}`;
  });
  return new RegExp(`^${source}$`, 'u');
}
