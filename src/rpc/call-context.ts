// What a method knows of the call besides its parameters, and how it answers.
import type { ConnectionScope } from './connection-scope.js';
import type { RawConnection } from './raw-connection.js';

/** Server side: what is yielded goes out at once with continues, what is returned is the last reply. */
export type Stream<T> = AsyncGenerator<T, T, void>;

/** What is known of a socket, whoever calls on it. */
export interface SocketTerms {
  /** Where it is, as people know it: its address, or its descriptor. */
  readonly address: string;
  /** What its address says of everybody who calls there: `;role=`. */
  readonly role?: string;
  /** Whether its file has a mode that keeps others out, or its ends were given away one by one. */
  readonly guarded: boolean;
}

/** The caller as its socket knows it; the numbers are -1 where the socket cannot tell (TCP, pipes). */
export interface Peer {
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
  /** All other groups that the caller was in when it connected. */
  readonly groups?: readonly number[];
  /** The common name of the client's certificate, which the service's own authority has signed; only with TLS. */
  readonly name?: string;
  /** Where it has connected. */
  readonly socket?: SocketTerms;
}

/** Where nothing is known of the caller. */
export const unknownPeer: Peer = { uid: -1, gid: -1, pid: -1 };

export interface CallContext {
  /** Did the caller ask for several replies. */
  readonly more: boolean;
  /** Did the caller ask for no reply at all; what the method returns or throws goes nowhere then. */
  readonly oneway: boolean;
  /**
   * There if the caller asked to leave varlink: `use` then gets the connection once the reply is written, and when
   * it is done varlink goes on. A method that does not call this answers plainly.
   */
  readonly upgrade?: ((use: UseConnection) => void) | undefined;
  /** uid, gid, pid of the caller, from the socket. */
  readonly peer: Peer;
  /** Aborted when the caller goes away, or the server stops and will not wait any longer. */
  readonly signal: AbortSignal;
  /** The same object for every call of one connection. */
  readonly connection: ConnectionScope;
}

export type UseConnection = (raw: RawConnection) => Promise<void>;
