// The bytes of calls through either door, for a client that does nothing but send them and count what comes back.

export type Door = 'varlink' | 'jsonrpc';

/** How many different requests a ring has: more than are in flight at once, so that ids are not used twice. */
const ringSize = 64;

/** What ends a message. */
export function delimiterOf(door: Door): number {
  return door === 'varlink' ? 0 : 0x0a;
}

/** The same call over and over, ready to be sent any number at a time. */
export class RequestRing {
  readonly #bytes: Buffer;
  readonly #length: number;
  #next = 0;

  constructor(door: Door, method: string, parameters: object, more = false) {
    const requests = Array.from({ length: ringSize }, (_, index) =>
      request(door, method, parameters, more, 100 + index),
    );
    this.#length = requests[0]?.length ?? 0;
    this.#bytes = Buffer.concat([...requests, ...requests]);
  }

  /** The next `count` requests, at most {@link ringSize}, in one piece. */
  take(count: number): Buffer {
    const start = this.#next * this.#length;
    this.#next = (this.#next + count) % ringSize;
    return this.#bytes.subarray(start, start + count * this.#length);
  }
}

/** One call as it goes over the wire. */
export function request(door: Door, method: string, parameters: object, more: boolean, id: number): Buffer {
  const flag = more ? { more } : {};
  return door === 'varlink'
    ? Buffer.from(`${JSON.stringify({ method, parameters, ...flag })}\0`)
    : Buffer.from(`${JSON.stringify({ jsonrpc: '2.0', id, method, params: parameters, ...flag })}\n`);
}

/** What a reply through either door carries; undefined when it is an error. */
export function resultOf(message: string): Record<string, unknown> | undefined {
  const reply = JSON.parse(message) as {
    readonly error?: unknown;
    readonly parameters?: Record<string, unknown>;
    readonly result?: Record<string, unknown>;
  };
  return reply.error === undefined ? (reply.parameters ?? reply.result ?? {}) : undefined;
}
