// Which paths of a source are left out, by the ignore file of the context and by `--exclude`.
export interface SourceFilter {
  /** Whether `path` (text, relative to the root of the source) is left out. */
  ignores(path: string): boolean;
  /** Whether anything below a directory that is left out may not be. */
  mayHoldKept(directory: string): boolean;
}

export const noFilter: SourceFilter = {
  ignores: () => false,
  mayHoldKept: () => false,
};
