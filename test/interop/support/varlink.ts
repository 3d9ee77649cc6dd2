// A varlink client of a few lines, so that the suite does not depend on the project's own one.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Reply {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly continues: boolean;
}

/** The service answered a call with an error. */
export class VarlinkReplyError extends Error {
  override readonly name = 'VarlinkReplyError';
  readonly code = 'VARLINK_REPLY';
  /** Qualified name, e.g. `io.podman.ImageNotFound`. */
  readonly error: string;
  readonly parameters: Readonly<Record<string, unknown>>;

  constructor(error: string, parameters: Readonly<Record<string, unknown>>) {
    super(`${error} ${JSON.stringify(parameters)}`);
    this.error = error;
    this.parameters = parameters;
  }

  /** What the image methods say in words. */
  get reason(): string {
    const { reason } = this.parameters;
    return typeof reason === 'string' ? reason : '';
  }
}

/** The connection ended while a reply was expected. */
export class VarlinkClosedError extends Error {
  override readonly name = 'VarlinkClosedError';
  readonly code = 'VARLINK_CLOSED';
}

/** One connection; calls wait for one another, as the protocol answers in order. */
export class VarlinkConnection {
  readonly socket: Socket;
  #pending: Buffer[] = [];
  readonly #frames: Buffer[] = [];
  #wake: () => void = () => {};
  #ended = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  /** Connects to `unix:PATH`. */
  static async connect(address: string): Promise<VarlinkConnection> {
    const socket = connect(address.replace(/^unix:/, '').replace(/;.*/, ''));
    await once(socket, 'connect');
    return new VarlinkConnection(socket);
  }

  /** Makes a call and returns the parameters of its reply. Throws {@link VarlinkReplyError}. */
  async call(
    method: string,
    parameters: Readonly<Record<string, unknown>> = {},
  ): Promise<Readonly<Record<string, unknown>>> {
    this.send({ method, parameters });
    const reply = await this.receive();
    return reply.parameters;
  }

  /** Makes a call with `more` and yields every reply. */
  async *more(
    method: string,
    parameters: Readonly<Record<string, unknown>> = {},
  ): AsyncGenerator<Reply, void> {
    this.send({ method, parameters, more: true });
    for (;;) {
      const reply = await this.receive();
      yield reply;
      if (!reply.continues) {
        return;
      }
    }
  }

  send(message: unknown): void {
    this.socket.write(`${JSON.stringify(message)}\0`);
  }

  /** The next reply. Throws {@link VarlinkReplyError}, {@link VarlinkClosedError}. */
  async receive(): Promise<Reply> {
    const frame = await this.receiveFrame();
    const message = JSON.parse(frame.toString()) as {
      parameters?: Record<string, unknown>;
      continues?: boolean;
      error?: string;
    };
    const parameters = message.parameters ?? {};
    if (message.error !== undefined) {
      throw new VarlinkReplyError(message.error, parameters);
    }
    return { parameters, continues: message.continues === true };
  }

  /** The bytes of the next message, without its NUL. */
  async receiveFrame(): Promise<Buffer> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) {
        return frame;
      }
      if (this.#ended) {
        throw new VarlinkClosedError('the service closed the connection');
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Drops the connection at once, whatever is under way. */
  close(): void {
    this.socket.destroy();
  }

  #take(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(0); end >= 0; end = chunk.indexOf(0, start)) {
      this.#frames.push(Buffer.concat([...this.#pending, chunk.subarray(start, end)]));
      this.#pending = [];
      start = end + 1;
    }
    if (start < chunk.length) {
      this.#pending.push(chunk.subarray(start));
    }
    this.#wake();
  }
}
