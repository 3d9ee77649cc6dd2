// Which ignore file holds for a Dockerfile (build.md, Ignore files).

/** Paths in the context by preference; only the first that exists is read. */
export function ignoreFileNames(dockerfile: string): readonly string[] {
  return [`${dockerfile}.containerignore`, `${dockerfile}.dockerignore`, '.containerignore', '.dockerignore'];
}

/** `present`: paths of files in the context. Undefined if none of them is an ignore file for `dockerfile`, a path there too. */
export function ignoreFileFor(present: ReadonlySet<string>, dockerfile: string): string | undefined {
  return ignoreFileNames(dockerfile).find((name) => present.has(name));
}
