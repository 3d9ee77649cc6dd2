// Connections of other users of this host, made in this process: the kernel notes who connects when it is done.

export interface Identity {
  readonly uid: number;
  /** The same as the uid if absent. */
  readonly gid?: number;
  /** Supplementary groups. */
  readonly groups?: readonly number[];
}

/** What `connect` gives, which has to have connected when it returns. Takes root. */
export function connectAs<Client>({ uid, gid = uid, groups = [] }: Identity, connect: () => Client): Client {
  const before = process.getgroups?.() ?? [];
  process.setgroups?.([...groups]);
  process.setegid?.(gid);
  process.seteuid?.(uid);
  try {
    return connect();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
    process.setgroups?.(before);
  }
}
