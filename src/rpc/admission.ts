// Who may connect, and what all doors of a service together are doing.
import type { Socket } from 'node:net';
import type { Peer } from './call-context.js';
import { unknownPeer } from './call-context.js';
import type { Limits } from './limits.js';
import { defaultLimits } from './limits.js';

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

/** The limits of a service and what is used of them. Doors that share one share both. */
export class Admission {
  readonly limits: Limits;
  readonly #options: AdmissionOptions;
  readonly #perUser = new Map<number, number>();
  #connections = 0;
  #calls = 0;

  constructor(options: AdmissionOptions = {}) {
    this.#options = options;
    this.limits = { ...defaultLimits, ...options.limits };
  }

  /** Who is calling; counted until it leaves. Throws {@link ConnectionLimitError} if there are too many already. */
  enter(socket: Socket): Peer {
    const peer = this.#options.peerOf?.(socket) ?? unknownPeer;
    const { connections, connectionsPerUser } = this.limits;
    if (this.#connections >= connections)
      throw new ConnectionLimitError(`more than ${connections} connections`);
    if ((this.#perUser.get(peer.uid) ?? 0) >= connectionsPerUser)
      throw new ConnectionLimitError(`user ${peer.uid}: more than ${connectionsPerUser} connections`);
    this.#count(peer, 1);
    return peer;
  }

  leave(peer: Peer): void {
    this.#count(peer, -1);
  }

  /** Told before a call starts and after it has ended. */
  call(running: boolean): void {
    this.#calls += running ? 1 : -1;
    this.#tell();
  }

  #count(peer: Peer, change: number): void {
    const ofUser = (this.#perUser.get(peer.uid) ?? 0) + change;
    if (ofUser === 0) this.#perUser.delete(peer.uid);
    else this.#perUser.set(peer.uid, ofUser);
    this.#connections += change;
    this.#tell();
  }

  #tell(): void {
    this.#options.onActivity?.({ connections: this.#connections, calls: this.#calls });
  }
}
