// A request that was taken and not answered yet.
import type { JSONRPCResponse } from 'json-rpc-2.0';
import type { Peer } from '../call-context.js';
import type { ConnectionScope } from '../connection-scope.js';
import type { IncomingCall, Send } from '../dispatch.js';
import { RunningCall } from '../running-call.js';
import type { QueuedCall } from './call-queue.js';
import type { Request } from './request.js';
import type { Writer } from './writer.js';

/** Takes an answer, null if there is none. Gives a promise where the next one has to wait for it. */
export type Answer = (response: JSONRPCResponse | null) => Promise<void> | undefined;

/** Whose call it is. */
export interface Caller {
  readonly peer: Peer;
  readonly connection: ConnectionScope;
  readonly writer: Writer;
}

export class Call extends RunningCall implements QueuedCall {
  readonly request: Request;
  /** The request in the words of the dispatcher. */
  readonly incoming: IncomingCall;
  readonly size: number;
  /** Where the answer goes: on a line of its own, or into a batch. */
  readonly answer: Answer;
  readonly #writer: Writer;

  constructor(request: Request, size: number, answer: Answer, caller: Caller) {
    const oneway = request.id === undefined;
    const incoming = {
      method: request.method,
      parameters: request.params as unknown,
      more: !oneway && request.more !== false,
      oneway,
      upgrade: false,
      door: 'jsonrpc' as const,
    };
    super(incoming, caller.peer, caller.connection);
    this.request = request;
    this.incoming = incoming;
    this.size = size;
    this.answer = answer;
    this.#writer = caller.writer;
  }

  /** Sends a reply before the last. */
  readonly reply: Send = (text) => this.#writer.reply(this.request.id ?? null, text);
}
