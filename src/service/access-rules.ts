// Which role a caller has: by the socket it came to, and by what the file of rules says of it (docs/security.md).
import type { Peer } from '../rpc/index.js';

/** Each may do what those before it may. */
export const roles = ['none', 'read', 'pull', 'admin'] as const;
export type Role = (typeof roles)[number];

export function isRole(text: unknown): text is Role {
  return (roles as readonly unknown[]).includes(text);
}

/** Whether `role` is enough for what needs `needed`. */
export function suffices(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}

/** One line of the file. */
export interface Rule {
  readonly role: Role;
  /** As it is found in the file: groups.ci. */
  readonly key: string;
}

/** What the file says, its names resolved. */
export interface AccessFile {
  readonly path: string;
  /** For callers on this host that nothing else names. */
  readonly default: Role;
  /** By uid. */
  readonly users: ReadonlyMap<number, Rule>;
  /** By gid. */
  readonly groups: ReadonlyMap<number, Rule>;
  /** By the name in the certificate of a client. */
  readonly names: ReadonlyMap<string, Rule>;
}

/** A role, and where it comes from, for people. */
export interface Grant {
  readonly role: Role;
  readonly why: string;
}

/** The rules as they are now; a change of the file makes others. */
export class AccessRules {
  readonly #own: number;
  readonly #file: AccessFile | undefined;
  /** A connection makes many calls. */
  readonly #granted = new WeakMap<Peer, Grant>();

  /** `own` is the service's user. Without a file, who is let in by the mode of a socket may do everything. */
  constructor(own: number, file?: AccessFile) {
    this.#own = own;
    this.#file = file;
  }

  /** What the caller has, which is never more than its socket's role. */
  grant(peer: Peer): Grant {
    const known = this.#granted.get(peer);
    if (known !== undefined) return known;
    const grant = this.#lower(peer, this.#ofCaller(peer));
    this.#granted.set(peer, grant);
    return grant;
  }

  #lower({ socket }: Peer, grant: Grant): Grant {
    const limit = ofSocket(socket);
    return limit === undefined || suffices(limit.role, grant.role) ? grant : limit;
  }

  #ofCaller(peer: Peer): Grant {
    if (peer.uid < 0) return this.#ofStranger(peer);
    if (peer.uid === 0) return { role: 'admin', why: 'root' };
    if (peer.uid === this.#own) return { role: 'admin', why: 'the user of this service' };
    if (this.#file !== undefined) return this.#ofUser(this.#file, peer);
    if (peer.socket?.guarded === true) return { role: 'admin', why: `the mode of ${peer.socket.address}` };
    return ofSocket(peer.socket) ?? nothing('anybody can connect there, and no file of rules names it');
  }

  #ofUser(file: AccessFile, { uid, gid, groups = [] }: Peer): Grant {
    const user = file.users.get(uid);
    if (user !== undefined) return granted(user, file);
    const found = [gid, ...groups]
      .map((group) => file.groups.get(group))
      .filter((rule) => rule !== undefined);
    const best = found.reduce<Rule | undefined>(
      (best, rule) => (best === undefined || suffices(rule.role, best.role) ? rule : best),
      undefined,
    );
    return granted(best ?? { role: file.default, key: 'default' }, file);
  }

  /** Over a network nobody is known but by a certificate; who may connect is then for the socket to say. */
  #ofStranger({ name, socket }: Peer): Grant {
    const rule = name === undefined ? undefined : this.#file?.names.get(name);
    if (rule !== undefined && this.#file !== undefined) return granted(rule, this.#file);
    return ofSocket(socket) ?? nothing('its address has no ;role=, and no file of rules names it');
  }
}

function granted({ role, key }: Rule, { path }: AccessFile): Grant {
  return { role, why: `${key} in ${path}` };
}

function ofSocket(socket: Peer['socket']): Grant | undefined {
  if (socket?.role === undefined) return undefined;
  // Whoever opened the socket has checked it; what nobody knows gives nothing.
  return { role: isRole(socket.role) ? socket.role : 'none', why: socket.address };
}

function nothing(why: string): Grant {
  return { role: 'none', why };
}
