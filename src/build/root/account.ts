// Users and groups as the files of a root have them, never as the host does (build.md, How RUN is run).

/** Who a process is. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups, when no group was given. */
  readonly groups: readonly number[];
  /** `/` when the files do not say. */
  readonly home: string;
}
