// A request whose body is written piece by piece, as fast as the server takes it, with a limit on every wait.
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { startRequest } from './agents.js';
import type { ExchangeOptions, HttpRequest } from './http-exchange.js';
import { HttpTimeoutError } from './timeout.js';

interface Waiting<T> {
  resolve(value: T): void;
  reject(reason: unknown): void;
}

/** Sent in chunks, once. Whoever has it ends it with {@link end} or {@link destroy}. */
export class StreamedRequest {
  readonly #request: ClientRequest;
  readonly #idle: number;
  readonly #signal: AbortSignal;
  readonly #onAbort: () => void;
  #timer: NodeJS.Timeout | undefined;
  #response: IncomingMessage | undefined;
  #failure: Error | undefined;
  #writing: Waiting<boolean> | undefined;
  #ending: Waiting<IncomingMessage> | undefined;

  constructor(
    { method, url, headers }: Omit<HttpRequest, 'body'>,
    { identity, proxies, timeouts }: ExchangeOptions,
    signal: AbortSignal,
  ) {
    signal.throwIfAborted();
    this.#idle = timeouts.idle;
    this.#signal = signal;
    this.#onAbort = () => this.#request.destroy(signal.reason as Error);
    signal.addEventListener('abort', this.#onAbort, { once: true });
    this.#request = startRequest(method, url, headers, identity, proxies);
    this.#limit('connecting', timeouts.connect);
    this.#request.once('socket', (socket) => this.#watch(socket));
    this.#request.once('response', (response) => this.#answered(response));
    this.#request.on('error', (error) => this.#failed(error));
    this.#request.once('close', () => this.#release());
  }

  /**
   * Resolves when the connection has taken all of `piece`, which is then the caller's again: true, or false if the server
   * has answered and wants no more. Throws the system's errors, HttpTimeoutError and the abort reason.
   */
  async write(piece: Buffer): Promise<boolean> {
    return await new Promise((resolve, reject) => {
      if (this.#response !== undefined) resolve(false);
      else if (this.#failure !== undefined) reject(this.#failure);
      else {
        this.#writing = { resolve, reject };
        // An error comes as an event, too.
        this.#request.write(piece, (error) => {
          if (error === undefined || error === null) this.#taken();
        });
      }
    });
  }

  /** Ends the body and waits so many milliseconds for the answer's head. The caller reads or discards the answer's body. */
  async end(patience: number): Promise<IncomingMessage> {
    return await new Promise((resolve, reject) => {
      if (this.#response !== undefined) resolve(this.#response);
      else if (this.#failure !== undefined) reject(this.#failure);
      else {
        this.#ending = { resolve, reject };
        this.#limit('waiting for the response', patience);
        this.#request.end();
      }
    });
  }

  /** Ends the connection, whatever is under way. */
  destroy(): void {
    this.#request.destroy();
  }

  #watch(socket: Socket): void {
    const { secureConnecting } = socket as Socket & { readonly secureConnecting?: boolean };
    const ready = (): void => {
      if (this.#ending === undefined) clearTimeout(this.#timer);
      socket.setTimeout(this.#idle);
    };
    if (!socket.connecting && secureConnecting !== true) ready();
    else socket.once((socket as Partial<TLSSocket>).encrypted === true ? 'secureConnect' : 'connect', ready);
    // Silence counts only while there is something to be taken.
    const onTimeout = (): void => {
      if (this.#writing !== undefined) {
        this.#request.destroy(new HttpTimeoutError('sending the body', this.#idle));
      }
    };
    socket.on('timeout', onTimeout);
    // The socket may outlive the request, in the hands of the agent.
    this.#request.once('close', () => socket.off('timeout', onTimeout));
  }

  #limit(what: string, milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#request.destroy(new HttpTimeoutError(what, milliseconds)),
      milliseconds,
    );
  }

  #taken(): void {
    const writing = this.#writing;
    this.#writing = undefined;
    writing?.resolve(true);
  }

  #answered(response: IncomingMessage): void {
    clearTimeout(this.#timer);
    response.pause();
    this.#response = response;
    const writing = this.#writing;
    this.#writing = undefined;
    writing?.resolve(false);
    this.#ending?.resolve(response);
  }

  #failed(error: Error): void {
    // What happens to the sending after an answer interests nobody.
    if (this.#response === undefined) this.#failure ??= error;
    this.#release();
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.#signal.removeEventListener('abort', this.#onAbort);
    const failure = (this.#failure ??= new Error('the request was given up'));
    this.#writing?.reject(failure);
    this.#ending?.reject(failure);
    this.#writing = undefined;
    this.#ending = undefined;
  }
}
