// Who may connect, and what all doors of a service together are doing.
import type { Socket } from 'node:net';
import type { Peer, SocketTerms } from './call-context.js';
import { unknownPeer } from './call-context.js';
import type { Limits } from './limits.js';
import { defaultLimits } from './limits.js';
import { HeldBytes } from './unfinished-message.js';

/** What a service is doing; it may stop for idleness when both are 0. */
export interface Activity {
  readonly connections: number;
  readonly calls: number;
}

export interface AdmissionOptions {
  readonly limits?: Partial<Limits>;
  /** Asks the kernel who is at the other end; without it nobody is known. */
  readonly peerOf?: (socket: Socket) => Peer;
  /** Told whenever a connection or a call begins or ends. */
  readonly onActivity?: (activity: Activity) => void;
}

/** A connection that was refused because there are too many. */
export class ConnectionLimitError extends Error {
  override readonly name = 'ConnectionLimitError';
  readonly code = 'TOO_MANY_CONNECTIONS';
}

/** One connection's place among the others. */
export interface Admitted {
  readonly peer: Peer;
  /** What its user's unfinished messages hold, on all connections. */
  readonly held: HeldBytes;
}

interface User {
  connections: number;
  readonly held: HeldBytes;
}

/** The limits of a service and what is used of them. Doors that share one share both. */
export class Admission {
  readonly limits: Limits;
  readonly #options: AdmissionOptions;
  readonly #users = new Map<number, User>();
  readonly #held: HeldBytes;
  #connections = 0;
  #calls = 0;

  constructor(options: AdmissionOptions = {}) {
    this.#options = options;
    this.limits = { ...defaultLimits, ...options.limits };
    this.#held = new HeldBytes('all users', this.limits.unfinishedBytes);
  }

  /**
   * Who is calling, on a socket of these terms; counted until it leaves. Those that nobody knows, such as callers over TCP, count as one user.
   * Throws {@link ConnectionLimitError} if there are too many already.
   */
  enter(socket: Socket, terms?: SocketTerms): Admitted {
    const known = this.#options.peerOf?.(socket) ?? unknownPeer;
    const peer = terms === undefined ? known : { ...known, socket: terms };
    const { connections, connectionsPerUser } = this.limits;
    if (this.#connections >= connections)
      throw new ConnectionLimitError(`more than ${connections} connections`);
    const name = peer.uid < 0 ? 'unknown users' : `user ${peer.uid}`;
    const user = this.#users.get(peer.uid) ?? {
      connections: 0,
      held: new HeldBytes(name, this.limits.unfinishedBytesPerUser, this.#held),
    };
    if (user.connections >= connectionsPerUser)
      throw new ConnectionLimitError(`${name}: more than ${connectionsPerUser} connections`);
    this.#users.set(peer.uid, user);
    this.#count(user, 1);
    return { peer, held: user.held };
  }

  leave({ peer }: Admitted): void {
    const user = this.#users.get(peer.uid);
    if (user === undefined) return;
    if (user.connections === 1) this.#users.delete(peer.uid);
    this.#count(user, -1);
  }

  /** Told before a call starts and after it has ended. */
  call(running: boolean): void {
    this.#calls += running ? 1 : -1;
    this.#tell();
  }

  #count(user: User, change: number): void {
    user.connections += change;
    this.#connections += change;
    this.#tell();
  }

  #tell(): void {
    this.#options.onActivity?.({ connections: this.#connections, calls: this.#calls });
  }
}
