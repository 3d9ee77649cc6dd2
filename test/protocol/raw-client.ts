// A client that knows nothing but bytes, for what no proper client would send.
import type { Socket, TcpNetConnectOpts } from 'node:net';
import { connect } from 'node:net';

export class RawClient implements Disposable {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  #bytes = Buffer.alloc(0);
  #ended = false;
  #wake = (): void => {};
  /** What ends a message. */
  readonly #delimiter: string;

  /** `place` is the path of a socket, or a host and port. */
  constructor(place: string | TcpNetConnectOpts, delimiter = '\0') {
    this.#delimiter = delimiter;
    this.socket = connect({
      ...(typeof place === 'string' ? { path: place } : place),
      allowHalfOpen: true,
    });
    this.socket.on('error', () => {});
    this.socket.on('data', (bytes: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes]);
      this.#wake();
    });
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    this.socket.on('end', end);
    this.socket.on('close', end);
    this.closed = new Promise((resolve) => {
      this.socket.on('close', () => resolve());
    });
  }

  /** Sends calls, each with its end, in one write. */
  send(...calls: object[]): void {
    this.write(calls.map((call) => `${JSON.stringify(call)}${this.#delimiter}`).join(''));
  }

  write(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  /** The next reply; undefined at the end of the connection. */
  async next(): Promise<unknown> {
    const text = await this.#until(() => {
      const end = this.#bytes.indexOf(this.#delimiter);
      return end < 0 ? undefined : end + 1;
    });
    return text === undefined ? undefined : JSON.parse(text.toString().slice(0, -1));
  }

  /** Exactly `count` raw bytes; undefined if the connection ends before. */
  async bytes(count: number): Promise<string | undefined> {
    return (await this.#until(() => (this.#bytes.length < count ? undefined : count)))?.toString('latin1');
  }

  /** All replies up to the end of the connection. */
  async rest(): Promise<unknown[]> {
    const replies: unknown[] = [];
    for (let reply = await this.next(); reply !== undefined; reply = await this.next()) replies.push(reply);
    return replies;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  async #until(size: () => number | undefined): Promise<Buffer | undefined> {
    for (;;) {
      const count = size();
      if (count !== undefined) {
        const taken = this.#bytes.subarray(0, count);
        this.#bytes = this.#bytes.subarray(count);
        return taken;
      }
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
