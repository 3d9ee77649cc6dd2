// The calls of a connection by their ids, from the calling side, and the replies that have come for them.
import type { Socket } from 'node:net';
import type { JSONRPCID } from 'json-rpc-2.0';
import { createJSONRPCNotification, createJSONRPCRequest, JSONRPCClient } from 'json-rpc-2.0';
import { ConnectionClosedError } from '../connection-errors.js';
import { defaultLimits } from '../limits.js';
import type { PendingCall } from '../pending-call.js';
import { OnewayCall, SingleCall } from '../pending-call.js';
import type { Reply } from '../reply.js';
import type { StreamSource } from '../reply-stream.js';
import { lastReply, parseMessage } from './message.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

/** Bytes of replies that are kept for slow loops while calls with one reply wait for what comes behind them. */
const maxHeld = 16 * 1024 * 1024;

interface Entry {
  readonly id: JSONRPCID;
  readonly call: PendingCall;
  /** Replies that nobody has asked for yet, with the bytes of their lines. */
  readonly held: { readonly reply: Reply; readonly size: number }[];
  /** Whether the response has come. */
  answered: boolean;
  /** What the call fails with once the replies are taken. */
  failure?: unknown;
}

/** Sends calls and gives each its replies, in whatever order they come. */
export class SentCalls implements StreamSource {
  readonly #socket: Socket;
  readonly #reader: Reader;
  readonly #writer: Writer;
  readonly #client: JSONRPCClient<string>;
  readonly #byId = new Map<unknown, Entry>();
  readonly #byCall = new Map<PendingCall, Entry>();
  #heldBytes = 0;
  /** How many of the calls have one reply. */
  #singles = 0;
  #lastId = 0;
  #closing = false;

  constructor(socket: Socket, reader: Reader, writer: Writer) {
    this.#socket = socket;
    this.#reader = reader;
    this.#writer = writer;
    // Not waited for: what cannot be sent has no reply, and the end of the connection says so.
    this.#client = new JSONRPCClient((_, line) => void writer.json('', line, '\n'));
    this.#read();
  }

  /** Sends a call. Throws what keeps it from being sent. */
  start(call: PendingCall): void {
    if (!this.#socket.writable)
      throw new ConnectionClosedError(`${call.method}: not sent, the connection is closed`);
    call.watch((reason) => this.abandon(call, reason));
    if (call instanceof OnewayCall) {
      call.written(this.#writer.text(`${call.message()}}\n`));
      return;
    }
    const entry: Entry = { id: ++this.#lastId, call, held: [], answered: false };
    this.#byId.set(entry.id, entry);
    this.#byCall.set(call, entry);
    if (call instanceof SingleCall) this.#singles++;
    const line = `${call.message()},"id":${entry.id}}`;
    void this.#client
      .requestAdvanced(createJSONRPCRequest(entry.id, call.method), line)
      .then((response) => this.#hold(entry, lastReply(response), 0));
    this.#read();
  }

  /** Gives a call the replies that are here, as long as it wants them. */
  deliver(call: PendingCall): void {
    const entry = this.#byCall.get(call);
    if (entry === undefined) return;
    for (let next = entry.held[0]; next !== undefined && call.wanted; next = entry.held[0]) {
      entry.held.shift();
      this.#heldBytes -= next.size;
      this.#give(entry, next.reply);
    }
    if (entry.failure !== undefined) this.#fail(entry, entry.failure);
    this.#read();
  }

  /** Gives a call up for a reason, and tells the service. The connection goes on. */
  abandon(call: PendingCall, reason?: unknown): void {
    const entry = this.#byCall.get(call);
    if (entry !== undefined) {
      this.#forget(entry);
      const cancel = createJSONRPCNotification('$/cancel', { id: entry.id });
      if (!entry.answered) void this.#writer.json('', JSON.stringify(cancel), '\n');
    }
    call.fail(reason);
    this.#read();
  }

  /** Says that this side is about to close the socket: calls that wait fail. */
  close(): void {
    this.#closing = true;
    this.#over();
  }

  /** Takes lines, but no more than the loops over replies take with them. */
  readonly #read = (): void => {
    try {
      while (this.#heldBytes < (this.#singles > 0 ? maxHeld : defaultLimits.readAhead)) {
        const line = this.#reader.take();
        if (line !== undefined) {
          this.#take(line);
        } else if (this.#reader.ended) {
          this.#over();
          return;
        } else {
          this.#reader.wait(this.#read);
          return;
        }
      }
    } catch (error) {
      this.#socket.destroy();
      for (const entry of this.#byId.values()) this.#fail(entry, error);
    }
  };

  #take(line: Buffer): void {
    const message = parseMessage(this.#reader.parse(line));
    if (message === undefined) return;
    const entry = this.#byId.get(message.id);
    // One that was given up, or of a service that thinks of more than was asked.
    if (entry === undefined) return;
    if (message.response !== undefined) {
      entry.answered = true;
      this.#client.receive(message.response);
    } else if (!(entry.call instanceof SingleCall)) {
      this.#hold(entry, { parameters: message.parameters, continues: true }, line.length);
    }
  }

  /** Gives a call a reply now, or when it asks for it. */
  #hold(entry: Entry, reply: Reply, size: number): void {
    if (entry.call.wanted && entry.held.length === 0) {
      this.#give(entry, reply);
    } else {
      entry.held.push({ reply, size });
      this.#heldBytes += size;
    }
  }

  #give(entry: Entry, reply: Reply): void {
    if (!reply.continues) this.#forget(entry);
    entry.call.take(reply);
  }

  /** Fails a call, but not before the replies that have come for it are taken. */
  #fail(entry: Entry, error: unknown): void {
    entry.failure = error;
    if (entry.held.length > 0) return;
    this.#forget(entry);
    entry.call.fail(error);
  }

  #forget(entry: Entry): void {
    if (!this.#byCall.delete(entry.call)) return;
    this.#byId.delete(entry.id);
    for (const { size } of entry.held) this.#heldBytes -= size;
    if (entry.call instanceof SingleCall) this.#singles--;
  }

  /** The connection has ended without the replies that are due. */
  #over(): void {
    const why = this.#closing ? 'the connection was closed' : 'the service has closed the connection';
    for (const entry of this.#byId.values()) {
      if (entry.answered) continue;
      this.#fail(entry, new ConnectionClosedError(`${entry.call.method}: ${why}`, { mayHaveRun: true }));
    }
  }
}
