// A call that a door has taken and not answered yet.
import type { ConnectionScope } from './connection-scope.js';
import type { CallContext, Peer, UseConnection } from './call-context.js';
import type { IncomingCall } from './dispatch.js';

/** What a method sees of its call, and the door's hold on it. */
export class RunningCall implements CallContext {
  readonly more: boolean;
  readonly oneway: boolean;
  readonly peer: Peer;
  readonly connection: ConnectionScope;
  readonly upgrade: ((use: UseConnection) => void) | undefined;
  /** What takes over the connection after the reply, if anything does. */
  use: UseConnection | undefined;
  #abort: AbortController | undefined;
  #reason: unknown;

  constructor(call: IncomingCall, peer: Peer, connection: ConnectionScope) {
    this.more = call.more;
    this.oneway = call.oneway;
    this.peer = peer;
    this.connection = connection;
    if (call.upgrade) {
      this.upgrade = (use) => {
        this.use = use;
      };
    }
  }

  // Made when it is asked for: most methods have ended before anybody could abort them.
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.aborted) this.#abort.abort(this.#reason);
    }
    return this.#abort.signal;
  }

  get aborted(): boolean {
    return this.#reason !== undefined;
  }

  /** Gives the call up; only the first reason counts. */
  abort(reason: Error): void {
    if (this.aborted) return;
    this.#reason = reason;
    this.#abort?.abort(reason);
  }
}
