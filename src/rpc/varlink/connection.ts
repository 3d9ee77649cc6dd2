// One served connection: calls in, replies out, strictly in order.
import type { Socket } from 'node:net';
import type { CallContext, UseConnection } from '../call-context.js';
import { ConnectionClosedError, ProtocolError } from '../connection-errors.js';
import type { IncomingCall } from '../dispatch.js';
import type { ConnectionOptions, ServedConnection } from '../door.js';
import { decodeJson } from '../json.js';
import { VarlinkError } from '../varlink-error.js';
import { Reader } from './reader.js';
import { Writer } from './writer.js';

/** How often a caller that says nothing is looked after while its call runs; milliseconds. */
const probeInterval = 50;
/** How long a peer may take to read what is left when the connection ends; milliseconds. */
const lingerTime = 5000;

/** Serves one socket until either side ends it. */
export class Connection implements ServedConnection {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #reader: Reader;
  readonly #writer: Writer;
  #call: { readonly abort: AbortController; readonly oneway: boolean } | undefined;
  #awaiting = false;
  #closing = false;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#reader = new Reader(socket, options.limits);
    this.#writer = new Writer(socket);
    // The close that follows is what counts.
    socket.on('error', () => {});
    socket.on('end', () => this.#lookForCaller());
    socket.on('close', () => {
      if (this.#call?.oneway === false)
        this.#call.abort.abort(new ConnectionClosedError('the caller is gone'));
    });
    socket.setTimeout(options.limits.unfinished, () => {
      if (this.#awaiting && this.#reader.unfinished) socket.destroy();
    });
  }

  async serve(): Promise<void> {
    try {
      for (;;) {
        const message = await this.#nextMessage();
        if (message === undefined || this.#closing) break;
        await this.#answer(parseCall(decodeJson(message, this.#options.limits.depth)));
        if (this.#closing) break;
      }
    } catch (error) {
      this.#options.onFailure?.(error);
    } finally {
      await this.#end();
    }
  }

  close(): void {
    this.#closing = true;
    if (this.#awaiting) this.#socket.destroySoon();
  }

  destroy(): void {
    this.#closing = true;
    this.#call?.abort.abort(new ConnectionClosedError('the service stops'));
    this.#socket.destroy();
  }

  async #nextMessage(): Promise<Buffer | undefined> {
    this.#awaiting = true;
    try {
      return await this.#reader.message();
    } finally {
      this.#awaiting = false;
    }
  }

  /** Runs a call to its end, whatever becomes of the caller. */
  async #answer(call: IncomingCall): Promise<void> {
    // Calls that want no answer are executed even if the caller has left: it is not expected to wait.
    if (this.#socket.destroyed && !call.oneway) return;
    const abort = new AbortController();
    this.#call = { abort, oneway: call.oneway };
    // A socket that is not read does not tell that its peer is gone.
    const watch = setInterval(() => this.#lookForCaller(), probeInterval);
    this.#options.onCall?.(true);
    try {
      const use = await this.#run(call, abort.signal);
      await use?.({
        read: (limit) => this.#reader.bytes(limit),
        write: (bytes) => this.#writer.bytes(bytes),
        end: () => this.#writer.end(),
      });
    } catch (error) {
      if (!(error instanceof ConnectionClosedError)) throw error;
    } finally {
      clearInterval(watch);
      this.#call = undefined;
      this.#options.onCall?.(false);
    }
  }

  #lookForCaller(): void {
    if (this.#call?.oneway === false && this.#reader.blind) this.#writer.probe();
  }

  /** Runs a call and sends its replies; gives what takes over the connection then, if something does. */
  async #run(call: IncomingCall, signal: AbortSignal): Promise<UseConnection | undefined> {
    let use: UseConnection | undefined;
    const context: CallContext = {
      more: call.more,
      oneway: call.oneway,
      ...(call.upgrade && {
        upgrade: (wanted: UseConnection) => {
          use = wanted;
        },
      }),
      peer: this.#options.peer,
      signal,
      connection: this,
    };
    const replies = this.#options.dispatcher.run(call, context);
    try {
      for (;;) {
        const step = await replies.next();
        if (signal.aborted) throw new ConnectionClosedError();
        if (call.oneway) {
          if (step.done) return undefined;
          continue;
        }
        await this.#writer.messageAround('', step.value, step.done ? '' : ',"continues":true');
        if (step.done) return use;
      }
    } catch (error) {
      if (!(error instanceof VarlinkError)) throw error;
      if (call.oneway) return undefined;
      await this.#writer.messageAround(
        `"error":${JSON.stringify(error.error)},`,
        JSON.stringify(error.wire()),
        '',
      );
      return undefined;
    } finally {
      await replies.return('');
    }
  }

  /** Sends what is left, and waits for the end. */
  async #end(): Promise<void> {
    const socket = this.#socket;
    if (socket.closed) return;
    const closed = new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
    });
    socket.destroySoon();
    const linger = setTimeout(() => socket.destroy(), lingerTime);
    await closed;
    clearTimeout(linger);
  }
}

/** The call in a message. Throws {@link ProtocolError} unless it has the shape of one. */
function parseCall(value: unknown): IncomingCall {
  // Callers in Go may send null for a call without anything in it: there is no method of that name.
  const fields = (value ?? {}) as Record<string, unknown>;
  if (typeof fields !== 'object' || Array.isArray(fields))
    throw new ProtocolError('a message is not an object');
  const own = (name: string): unknown =>
    Object.hasOwn(fields, name) ? (fields[name] ?? undefined) : undefined;
  const flag = (name: string): boolean => {
    const set = own(name) ?? false;
    if (typeof set !== 'boolean') throw new ProtocolError(`${name} is neither true nor false`);
    return set;
  };
  const method = own('method') ?? '';
  if (typeof method !== 'string') throw new ProtocolError('method is not a string');
  const call = {
    method,
    parameters: own('parameters'),
    more: flag('more'),
    oneway: flag('oneway'),
    upgrade: flag('upgrade'),
  };
  if (Number(call.more) + Number(call.oneway) + Number(call.upgrade) > 1)
    throw new ProtocolError('a call has two flags');
  return call;
}
