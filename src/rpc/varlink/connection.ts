// One served connection: calls in, replies out, strictly in order.
import type { Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { UseConnection } from '../call-context.js';
import { unwatchCaller, watchCaller } from '../caller-watch.js';
import { ConnectionClosedError } from '../connection-errors.js';
import type { IncomingCall, Send } from '../dispatch.js';
import type { ConnectionOptions, ServedConnection } from '../door.js';
import { RunningCall } from '../running-call.js';
import { UnfinishedMessage } from '../unfinished-message.js';
import { VarlinkError } from '../varlink-error.js';
import { decodeCall } from './call.js';
import { Reader } from './reader.js';
import { Writer } from './writer.js';

/** Calls that are answered at once before other connections get their turn: about a millisecond's worth. */
const burst = 256;

/** How long a peer may take to read the reply before another protocol begins; milliseconds. */
const readingTime = 1000;

/** Serves one socket until either side ends it. */
export class Connection implements ServedConnection {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #reader: Reader;
  readonly #writer: Writer;
  readonly #unfinished: UnfinishedMessage;
  #call: RunningCall | undefined;
  #done = (): void => {};
  #closing = false;
  /** Calls answered since the last one that had to be waited for. */
  #answered = 0;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#reader = new Reader(socket, options.limits, () => this.#lookAfterCaller());
    this.#writer = new Writer(socket);
    this.#unfinished = new UnfinishedMessage(options.limits, options.held, (error) => {
      options.onFailure?.(error);
      socket.destroy();
    });
    // The close that follows is what counts.
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#call?.oneway === false) this.#call.abort(new ConnectionClosedError('the caller is gone'));
    });
  }

  async serve(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#done = resolve;
      void this.#answer();
    });
    this.#unfinished.ended();
    await this.#writer.finish();
  }

  close(): void {
    this.#closing = true;
    if (this.#call === undefined) this.#writer.close();
  }

  destroy(): void {
    this.#closing = true;
    this.#call?.abort(new ConnectionClosedError('the service stops'));
    this.#socket.destroy();
  }

  /** For {@link watchCaller}. */
  probe(): void {
    // White space may stand before a reply, but not among the bytes of another protocol.
    if (this.#reader.blind) this.#writer.probe(this.#call?.use === undefined ? ' ' : '');
  }

  /** Answers the calls that are here, then waits for more. Never rejects. */
  async #answer(): Promise<void> {
    try {
      for (let message = this.#next(); message !== undefined; message = this.#next()) {
        const call = decodeCall(message, this.#options.limits.depth);
        // Calls that want no answer are executed even if the caller has left: it is not expected to wait.
        if (this.#socket.destroyed && !call.oneway) continue;
        const running = this.#begin(call);
        try {
          const last = await this.#options.dispatcher.run(call, running, this.#sendOneOfSeveral);
          const ready = this.#isAwaited(running) ? this.#writer.messageAround('', last, '') : undefined;
          if (ready !== undefined) await ready;
          if (running.use !== undefined && !running.aborted) await this.#handOver(running.use);
        } catch (error) {
          if (!(error instanceof VarlinkError)) throw error;
          if (this.#isAwaited(running)) await this.#sendError(error);
        } finally {
          this.#finish();
        }
        if (++this.#answered % burst === 0) await nextTurn();
      }
      this.#wait();
    } catch (error) {
      this.#options.onFailure?.(error);
      this.#done();
    }
  }

  /** The next message; undefined while there is none, or when there shall be none. */
  #next(): Buffer | undefined {
    const message = this.#closing ? undefined : this.#reader.take();
    if (message !== undefined) this.#unfinished.ended();
    return message;
  }

  /** Goes on when more has come, unless nothing will. */
  #wait(): void {
    this.#answered = 0;
    if (this.#closing || this.#reader.ended) {
      this.#done();
      return;
    }
    if (this.#reader.size > 0) this.#unfinished.waits(this.#reader.size);
    this.#reader.wait(this.#wake);
  }

  #begin(call: IncomingCall): RunningCall {
    const running = new RunningCall(call, this.#options.peer, this.#options.scope);
    this.#call = running;
    if (this.#reader.blind) this.#lookAfterCaller();
    this.#options.onCall?.(true);
    return running;
  }

  #finish(): void {
    this.#call = undefined;
    unwatchCaller(this);
    this.#options.onCall?.(false);
  }

  #isAwaited(running: RunningCall): boolean {
    return !running.oneway && !running.aborted;
  }

  readonly #wake = (): void => void this.#answer();
  readonly #sendOneOfSeveral: Send = (reply) => this.#writer.messageAround('', reply, ',"continues":true');

  #sendError(error: VarlinkError): Promise<void> | undefined {
    const head = `"error":${JSON.stringify(error.error)},`;
    return this.#writer.messageAround(head, JSON.stringify(error.wire()), '');
  }

  /** Leaves varlink, for as long as the bytes are another protocol's. Never rejects. */
  async #handOver(use: UseConnection): Promise<void> {
    let isFirst = true;
    const write = async (bytes: Uint8Array): Promise<void> => {
      if (isFirst) await this.#untilReplyIsRead();
      isFirst = false;
      await this.#writer.bytes(bytes);
    };
    try {
      await use({
        read: (limit) => this.#reader.bytes(limit),
        write,
        end: () => this.#writer.end(),
      });
    } catch (error) {
      if (!(error instanceof ConnectionClosedError)) this.#options.onFailure?.(error);
      // Nobody knows where the next call would begin.
      this.#closing = true;
    }
  }

  /** Clients of Go's varlink never see bytes that come together with the reply: those stay in a buffer of its reader. */
  async #untilReplyIsRead(): Promise<void> {
    const { isBehind } = this.#options;
    if (isBehind === undefined) return;
    this.#writer.flush();
    for (const end = performance.now() + readingTime; performance.now() < end; await sleep(1))
      if (this.#socket.destroyed || !isBehind(this.#socket)) return;
  }

  /** A socket that is not read does not tell that its peer is gone. */
  #lookAfterCaller(): void {
    if (this.#call?.oneway !== false) return;
    watchCaller(this);
    this.probe();
  }
}
