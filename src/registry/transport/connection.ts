// One HTTP/1.1 connection that reads response bodies in large pieces, for blobs of any size.
import type { Socket } from 'node:net';
import type { HttpTimeouts, TlsIdentity } from '../../oci/blob.js';
import type { BodyFraming } from './body-framing.js';
import { bodyFraming } from './body-framing.js';
import { HttpTimeoutError, openSocket } from './connect.js';
import type { ResponseHead } from './response-head.js';
import { HttpProtocolError, bodyLength, maxHeadBytes, parseResponseHead } from './response-head.js';

/** Takes a body as it comes. Exactly one of `end` and `error` is called, last. */
export interface BodySink {
  /** False asks for a pause until {@link HttpConnection.resume}. The piece is the sink's to keep. */
  data(piece: Buffer): boolean;
  end(): void;
  error(error: Error): void;
}

/** The peer closed, or broke, the connection where the response was not at its end. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';
  readonly code = 'CONNECTION_LOST';
}

// A piece is at most this; a read smaller than what is left of a slab leaves the rest to the next one.
const slabBytes = 256 * 1024;
const leastRead = 64 * 1024;
const nothing = Buffer.alloc(0);

/** A connection with at most one exchange at a time. */
export class HttpConnection {
  #socket: Socket | undefined;
  readonly #timeouts: HttpTimeouts;
  #slab = Buffer.allocUnsafeSlow(slabBytes);
  #offset = 0;
  /** Read and not yet understood: a part of a head, or body bytes nobody has asked for. */
  #pending: Buffer = nothing;
  #head: { resolve(head: ResponseHead): void; reject(error: Error): void } | undefined;
  #persistent = false;
  #framing: BodyFraming | undefined;
  #sink: BodySink | undefined;
  #paused = false;
  #peerClosed = false;
  #failure: Error | undefined;

  private constructor(timeouts: HttpTimeouts) {
    this.#timeouts = timeouts;
  }

  /** Connects to the origin of `url`. Throws the system's error, {@link HttpTimeoutError} or the abort reason. */
  static async open(
    url: URL,
    identity: TlsIdentity,
    timeouts: HttpTimeouts,
    signal: AbortSignal,
  ): Promise<HttpConnection> {
    const connection = new HttpConnection(timeouts);
    const sink = { buffer: () => connection.#buffer(), read: (length: number) => connection.#read(length) };
    connection.#attach(await openSocket(url, identity, timeouts.connect, sink, signal));
    if (connection.#failure !== undefined) {
      connection.destroy();
      throw connection.#failure;
    }
    return connection;
  }

  /** Sends a request and waits for the head of its final response; the body waits for {@link body}. */
  async exchange(request: string, signal: AbortSignal): Promise<ResponseHead> {
    signal.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure;
    const onAbort = (): void => this.destroy(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const timer = setTimeout(
      () => this.destroy(new HttpTimeoutError('waiting for the response', this.#timeouts.head)),
      this.#timeouts.head,
    );
    try {
      return await new Promise<ResponseHead>((resolve, reject) => {
        this.#head = { resolve, reject };
        this.#socket?.write(request, 'latin1');
        this.#socket?.resume();
      });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Delivers the body of the last response to `sink`. */
  body(sink: BodySink): void {
    this.#sink = sink;
    this.resume();
  }

  /** Goes on after a sink asked for a pause. */
  resume(): void {
    this.#paused = false;
    if (this.#sink === undefined) return;
    const pending = this.#pending;
    this.#pending = nothing;
    if (!this.#deliver(pending)) return;
    if (this.#failure === undefined) {
      this.#socket?.setTimeout(this.#timeouts.idle);
      this.#socket?.resume();
    } else this.#ended(this.#failure);
  }

  /** The last body came to its end and the peer will take another request. */
  get reusable(): boolean {
    return (
      this.#failure === undefined && this.#persistent && this.#sink === undefined && this.#head === undefined
    );
  }

  /** Lets the process end, or not, while this connection is open. */
  set idle(idle: boolean) {
    if (idle) this.#socket?.unref();
    else this.#socket?.ref();
  }

  destroy(reason: Error = new ConnectionLostError('connection closed')): void {
    this.#failure ??= reason;
    this.#socket?.destroy();
    this.#fail(this.#failure);
  }

  #attach(socket: Socket): void {
    this.#socket = socket;
    socket.on('error', (error) => this.#lost(error));
    socket.on('end', () => {
      this.#peerClosed = true;
      this.#lost(new ConnectionLostError('connection closed by the peer'));
    });
    socket.on('close', () => this.#lost(new ConnectionLostError('connection closed')));
    socket.on('timeout', () => {
      if (this.#sink !== undefined && !this.#paused) {
        this.destroy(new HttpTimeoutError('reading the body', this.#timeouts.idle));
      }
    });
  }

  #buffer(): Buffer {
    if (slabBytes - this.#offset < leastRead) {
      this.#slab = Buffer.allocUnsafeSlow(slabBytes);
      this.#offset = 0;
    }
    return this.#slab.subarray(this.#offset);
  }

  #read(length: number): boolean {
    const bytes = this.#slab.subarray(this.#offset, this.#offset + length);
    this.#offset += length;
    if (this.#sink !== undefined) return this.#deliver(bytes);
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    if (this.#head !== undefined) this.#parseHead();
    else if (this.#framing === undefined) this.destroy(new HttpProtocolError('data without a request'));
    // What follows the head waits for body().
    return this.#head !== undefined;
  }

  #parseHead(): void {
    try {
      for (;;) {
        const end = this.#pending.indexOf('\r\n\r\n');
        if (end > maxHeadBytes || (end < 0 && this.#pending.length > maxHeadBytes)) {
          throw new HttpProtocolError(`response head exceeds ${maxHeadBytes} bytes`);
        }
        if (end < 0) return;
        const head = parseResponseHead(this.#pending.subarray(0, end));
        this.#pending = this.#pending.subarray(end + 4);
        if (head.status >= 200) {
          this.#framing = bodyFraming(bodyLength(head));
          this.#persistent = head.persistent;
          this.#head!.resolve(head);
          this.#head = undefined;
          return;
        }
        if (head.status === 101) throw new HttpProtocolError('unexpected protocol switch');
      }
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  /** False: the sink wants a pause, or the body is at its end. */
  #deliver(bytes: Buffer): boolean {
    const framing = this.#framing!;
    const sink = this.#sink!;
    let more = true;
    try {
      const used = framing.take(bytes, (content) => {
        more = sink.data(content);
      });
      if (framing.done && used < bytes.length) this.#persistent = false;
    } catch (error) {
      this.destroy(error as Error);
      return false;
    }
    if (framing.done) {
      this.#finish(sink);
      return false;
    }
    this.#paused = !more;
    return more;
  }

  #finish(sink: BodySink): void {
    this.#sink = undefined;
    this.#framing = undefined;
    this.#socket?.setTimeout(0);
    if (!this.#persistent) this.destroy();
    sink.end();
  }

  /** Without a sink the failure waits: what came before it is still good. */
  #lost(error: Error): void {
    this.#failure ??= error;
    if (this.#sink !== undefined || this.#head !== undefined) this.#ended(this.#failure);
  }

  #ended(error: Error): void {
    if (this.#sink !== undefined && this.#peerClosed && this.#framing!.endsWithConnection)
      this.#finish(this.#sink);
    else this.#fail(error);
  }

  #fail(error: Error): void {
    const head = this.#head;
    const sink = this.#sink;
    this.#head = undefined;
    this.#sink = undefined;
    this.#framing = undefined;
    head?.reject(error);
    sink?.error(error);
  }
}
