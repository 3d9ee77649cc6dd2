// The answers to a batch, which go out together.
import type { JSONRPCResponse } from 'json-rpc-2.0';

/** Gathers as many answers as a batch has members. */
export class Batch {
  readonly #send: (responses: readonly JSONRPCResponse[]) => Promise<void> | undefined;
  readonly #responses: JSONRPCResponse[] = [];
  #missing: number;

  /** `send` gets the responses when the last is here; it is not called if nothing is to be answered. */
  constructor(members: number, send: (responses: readonly JSONRPCResponse[]) => Promise<void> | undefined) {
    this.#missing = members;
    this.#send = send;
  }

  /** Takes the answer of one member; null if there is none, as for a notification. */
  add(response: JSONRPCResponse | null): Promise<void> | undefined {
    if (response !== null) this.#responses.push(response);
    if (--this.#missing > 0 || this.#responses.length === 0) return undefined;
    return this.#send(this.#responses);
  }
}
