// The calls of a connection in the order in which they were sent, which is that of their replies.
import type { Socket } from 'node:net';
import type { Link } from '../connect.js';
import { ConnectionClosedError } from '../connection-errors.js';
import type { PendingCall } from '../pending-call.js';
import { OnewayCall } from '../pending-call.js';
import type { Reader } from './reader.js';
import { decodeReply } from './reply.js';
import type { Writer } from './writer.js';

/** Sends calls and gives each its replies. */
export class SentCalls {
  readonly #socket: Socket;
  /** What a program at the other end said when it ended. */
  readonly #ended: Promise<string> | undefined;
  readonly #reader: Reader;
  readonly #writer: Writer;
  /** The calls that have replies to come: the oldest and, through `behind`, all others. */
  #first: PendingCall | undefined;
  #last: PendingCall | undefined;
  /** There while an upgraded call has the connection: the calls made meanwhile. */
  #held: PendingCall[] | undefined;
  /** Whether this side is closing the connection. */
  #closing = false;

  constructor({ socket, ended }: Link, reader: Reader, writer: Writer) {
    this.#socket = socket;
    this.#ended = ended;
    this.#reader = reader;
    this.#writer = writer;
    socket.on('close', () => {
      this.release();
      if (this.#closing) void this.#over();
    });
  }

  /** Sends a call, or keeps it until the connection is released. Throws the reason of a signal that is aborted. */
  start(call: PendingCall): void {
    call.watch((reason) => this.abandon(call, reason));
    this.#send(call);
  }

  /** Gives what has arrived to the calls that it is for, as long as they want it. */
  readonly deliver = (): void => {
    try {
      for (let call = this.#first; call?.wanted === true; call = this.#first) {
        const bytes = this.#reader.take();
        if (bytes === undefined) {
          if (this.#reader.ended) void this.#over();
          else this.#reader.wait(this.deliver);
          return;
        }
        const reply = decodeReply(bytes);
        if (!reply.continues) this.#first = call.behind;
        call.take(reply);
      }
    } catch (error) {
      if (this.#first !== undefined) this.abandon(this.#first, error);
    }
  };

  /** Gives a call up for a reason: one that was sent takes the connection with it. */
  abandon(call: PendingCall, reason?: unknown): void {
    const held = this.#held?.indexOf(call) ?? -1;
    if (held >= 0) {
      this.#held?.splice(held, 1);
    } else {
      this.#socket.destroy();
      this.#failOthers(call, `the connection was given up with ${call.method}`);
    }
    call.fail(reason);
  }

  /** Says that this side is about to close the socket, or has: calls that wait then fail, whatever has arrived. */
  close(): void {
    this.#closing = true;
    if (this.#socket.closed) void this.#over();
  }

  /** Goes on with calls after one that has taken the connection over. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    // One of them may take over again.
    for (const call of held) this.#send(call);
  }

  #send(call: PendingCall): void {
    if (this.#held !== undefined) {
      this.#held.push(call);
      return;
    }
    if (!this.#socket.writable) {
      call.fail(new ConnectionClosedError(`${call.method}: not sent, the connection is closed`));
      return;
    }
    if (call instanceof OnewayCall) {
      call.written(this.#writer.text(call.message()));
      return;
    }
    // Not waited for: a service that waits for its replies to be read takes no calls until they are.
    void this.#writer.json('', call.message(), '');
    if (call.takesOver) this.#held = [];
    if (this.#first === undefined) {
      this.#first = call;
      this.#last = call;
      this.deliver();
    } else {
      if (this.#last !== undefined) this.#last.behind = call;
      this.#last = call;
    }
  }

  /** The connection has ended without the replies that are due. */
  async #over(): Promise<void> {
    const why = this.#closing ? 'the connection was closed' : 'the service has closed the connection';
    const said = (await this.#ended) ?? '';
    this.#failOthers(undefined, said === '' ? why : `${why}: ${said}`);
  }

  /** Fails every call that waits for replies, but not `call` itself. */
  #failOthers(call: PendingCall | undefined, why: string): void {
    let other = this.#first;
    this.#first = undefined;
    for (; other !== undefined; other = other.behind) {
      if (other !== call)
        other.fail(new ConnectionClosedError(`${other.method}: ${why}`, { mayHaveRun: true }));
    }
  }
}
