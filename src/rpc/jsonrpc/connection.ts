// One served connection: requests in, answers out in the order in which they are ready.
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { JSONRPCErrorResponse, JSONRPCID, JSONRPCServer } from 'json-rpc-2.0';
import { JSONRPCErrorCode } from 'json-rpc-2.0';
import { unwatchCaller, watchCaller } from '../caller-watch.js';
import { ConnectionClosedError, ProtocolError } from '../connection-errors.js';
import type { ConnectionOptions, ServedConnection } from '../door.js';
import { UnfinishedMessage } from '../unfinished-message.js';
import { Batch } from './batch.js';
import type { Answer, Caller } from './call.js';
import { Call } from './call.js';
import { CallQueue } from './call-queue.js';
import { CancelledError, JsonRpcError } from './errors.js';
import { errorResponse } from './methods.js';
import { Reader } from './reader.js';
import type { Request } from './request.js';
import { answerId, invalidRequest, parseRequest } from './request.js';
import { Writer } from './writer.js';

/** Requests of one batch: its answers are held until the last is there. */
const maxBatch = 1000;
/** Lines that are taken before other connections get their turn: about a millisecond's worth. */
const burst = 128;
/** Serves one socket until either side ends it. */
export class Connection implements ServedConnection {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #methods: JSONRPCServer<Call>;
  readonly #reader: Reader;
  readonly #writer: Writer;
  readonly #unfinished: UnfinishedMessage;
  readonly #queue: CallQueue<Call>;
  /** The calls that have an id of their own, by it. */
  readonly #calls = new Map<JSONRPCID, Call>();
  readonly #caller: Caller;
  /** Told when a call has ended. */
  #ended: (() => void) | undefined;
  #awaiting = false;
  #closing = false;

  constructor(socket: Socket, methods: JSONRPCServer<Call>, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#methods = methods;
    this.#reader = new Reader(socket, options.limits, () => this.#lookAfterCaller());
    this.#writer = new Writer(socket);
    this.#queue = new CallQueue(options.limits, this.#writer, (call) => void this.#run(call));
    this.#caller = { peer: options.peer, connection: options.scope, writer: this.#writer };
    this.#unfinished = new UnfinishedMessage(options.limits, options.held, (error) => {
      options.onFailure?.(error);
      socket.destroy();
    });
    // The close that follows is what counts.
    socket.on('error', () => {});
    socket.on('close', () => this.#abort((call) => !call.oneway, 'the caller is gone'));
  }

  async serve(): Promise<void> {
    try {
      for (let taken = 1; ; taken++) {
        while (this.#queue.full) await this.#callEnded();
        const line = this.#reader.take();
        if (line === undefined) {
          if (!(await this.#bytes())) break;
          continue;
        }
        this.#unfinished.ended();
        if (this.#closing) break;
        const ready = this.#take(line);
        if (ready !== undefined) await ready;
        if (taken % burst === 0) await nextTurn();
      }
      while (!this.#queue.idle) await this.#callEnded();
    } catch (error) {
      this.#options.onFailure?.(error);
      if (error instanceof ProtocolError) void this.#answer(parseError(error));
      this.#abort((call) => !call.oneway, 'the connection was given up');
    } finally {
      this.#unfinished.ended();
      await this.#writer.finish();
      while (!this.#queue.idle) await this.#callEnded();
    }
  }

  close(): void {
    this.#closing = true;
    this.#closeIfIdle();
  }

  destroy(): void {
    this.#closing = true;
    this.#abort(() => true, 'the service stops');
    this.#socket.destroy();
  }

  /** For {@link watchCaller}. */
  probe(): void {
    // White space may stand before a line's JSON.
    if (this.#reader.blind) this.#writer.probe(' ');
  }

  /** Waits for what comes next; false when nothing does. */
  async #bytes(): Promise<boolean> {
    if (this.#reader.size > 0) this.#unfinished.waits(this.#reader.size);
    this.#awaiting = true;
    const come = await this.#reader.more();
    this.#awaiting = false;
    return come && !this.#closing;
  }

  /** Begins what a line asks for. Gives a promise where the next line has to wait. */
  #take(line: Buffer): Promise<void> | undefined {
    try {
      const value = this.#reader.parse(line);
      if (value === undefined) return undefined;
      return Array.isArray(value)
        ? this.#takeBatch(value, line.length)
        : this.#takeOne(value, line.length, this.#answer);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return this.#answer(parseError(error));
    }
  }

  #takeBatch(values: readonly unknown[], size: number): Promise<void> | undefined {
    if (values.length === 0 || values.length > maxBatch)
      return this.#answer(errorResponse(null, invalidRequest(`a batch has 1 to ${maxBatch} requests`)));
    const batch = new Batch(values.length, (responses) => this.#writer.batch(responses));
    let ready: Promise<void> | undefined;
    for (const value of values)
      ready = this.#takeOne(value, Math.ceil(size / values.length), (response) => batch.add(response));
    return ready;
  }

  #takeOne(value: unknown, size: number, answer: Answer): Promise<void> | undefined {
    try {
      const request = parseRequest(value);
      const { id, method } = request;
      if (id === undefined && method === '$/cancel') {
        this.#cancel(request);
        return answer(null);
      }
      // Calls that want no answer are executed even if the caller has left: it is not expected to wait.
      if (id !== undefined && this.#socket.destroyed) return undefined;
      if (this.#calls.has(id ?? null)) throw invalidRequest('a request with this id runs');
      const call = new Call(request, size, answer, this.#caller);
      // Those who do not care to tell their calls apart say null.
      if (id !== undefined && id !== null) this.#calls.set(id, call);
      this.#queue.add(call);
      return undefined;
    } catch (error) {
      if (!(error instanceof JsonRpcError)) throw error;
      return answer(errorResponse(answerId(value), error));
    }
  }

  readonly #answer: Answer = (response) => (response === null ? undefined : this.#writer.response(response));

  /** Runs a call to its end, whatever becomes of the caller. */
  async #run(call: Call): Promise<void> {
    this.#options.onCall?.(true);
    if (this.#reader.blind) this.#lookAfterCaller();
    try {
      const response = await this.#methods.receive(call.request, call);
      this.#calls.delete(call.request.id ?? null);
      const ready = call.answer(response);
      if (ready !== undefined) await ready;
    } catch (error) {
      this.#options.onFailure?.(error);
      this.#socket.destroy();
    } finally {
      this.#queue.end(call);
      this.#options.onCall?.(false);
      if (this.#queue.idle) unwatchCaller(this);
      this.#ended?.();
      this.#closeIfIdle();
    }
  }

  #cancel({ params }: Request): void {
    const { id } = (params ?? {}) as { readonly id?: JSONRPCID };
    const call = this.#calls.get(id ?? null);
    if (call === undefined) return;
    call.abort(new CancelledError('the call was cancelled'));
    this.#queue.hurry(call);
  }

  #abort(which: (call: Call) => boolean, reason: string): void {
    for (const call of this.#queue.calls()) {
      if (!which(call)) continue;
      call.abort(new ConnectionClosedError(reason));
      this.#queue.hurry(call);
    }
  }

  async #callEnded(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#ended = resolve;
    });
  }

  #closeIfIdle(): void {
    if (this.#closing && this.#awaiting && this.#queue.idle) this.#writer.close();
  }

  /** A socket that is not read does not tell that its peer is gone. */
  #lookAfterCaller(): void {
    if (this.#queue.idle) return;
    watchCaller(this);
    this.probe();
  }
}

function parseError({ message }: ProtocolError): JSONRPCErrorResponse {
  return errorResponse(null, new JsonRpcError(JSONRPCErrorCode.ParseError, message));
}
