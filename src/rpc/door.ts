// What servers of every protocol have in common: sockets to listen on, and connections that end in order.
import type { Server } from 'node:net';
import { createServer, Socket } from 'node:net';
import { AddressError, parseAddress } from './address.js';
import type { Admitted } from './admission.js';
import { Admission, ConnectionLimitError } from './admission.js';
import type { SocketTerms } from './call-context.js';
import { ConnectionScope } from './connection-scope.js';
import type { Dispatcher } from './dispatch.js';
import type { Limits } from './limits.js';
import type { Listening, ListenOptions } from './listen.js';
import { listen, listenOnDescriptor, termsOf } from './listen.js';
import type { TlsAcceptor } from './tls-acceptor.js';

export interface DoorOptions extends ListenOptions {
  readonly dispatcher: Dispatcher;
  /** Whom to let in; doors of one service share it. By default one of its own with the usual limits. */
  readonly admission?: Admission;
  /** Told why a connection was refused or cut off. */
  readonly onFailure?: (error: unknown) => void;
  /** Has the peer of a socket not read all that was sent to it? Absent, or false, where the system cannot tell. */
  readonly isBehind?: (socket: Socket) => boolean;
  /** What `tls:` addresses need. */
  readonly tls?: TlsAcceptor;
}

/** What a connection gets from its door. */
export interface ConnectionOptions extends Admitted {
  readonly dispatcher: Dispatcher;
  readonly limits: Limits;
  readonly scope: ConnectionScope;
  /** Told before a call starts and after it has ended. */
  readonly onCall?: (running: boolean) => void;
  /** Told why a connection was cut off: bytes that are no call, or a takeover that failed. */
  readonly onFailure?: (error: unknown) => void;
  /** See {@link DoorOptions.isBehind}. */
  readonly isBehind?: (socket: Socket) => boolean;
}

/** One socket that is served in the protocol of a door. */
export interface ServedConnection {
  /** Answers calls until there are no more. Never rejects. */
  serve(): Promise<void>;
  /** Ends the connection after the calls that run now, at once if there is none. */
  close(): void;
  /** Ends the connection and aborts what runs. */
  destroy(): void;
}

/** Serves a dispatcher in one protocol, on any number of sockets. */
export abstract class Door {
  readonly #options: DoorOptions;
  readonly #admission: Admission;
  readonly #listening: Listening[] = [];
  readonly #connections = new Map<ServedConnection, Promise<void>>();
  /** Those that are not through their handshake. */
  readonly #strangers = new Set<Socket>();
  #closing = false;

  constructor(options: DoorOptions) {
    this.#options = options;
    this.#admission = options.admission ?? new Admission();
  }

  /** A connection of this door's protocol on a connected socket. */
  protected abstract connection(socket: Socket, options: ConnectionOptions): ServedConnection;

  /** Listens on an address; resolves to it, with the port that was chosen. Throws `AddressError`. */
  async listen(address: string): Promise<string> {
    const secure = parseAddress(address).kind === 'tls';
    if (secure && this.#options.tls === undefined)
      throw new AddressError(
        address,
        'there is no certificate to show: --tls-cert, --tls-key and --tls-client-ca',
      );
    return await this.#open(termsOf(address), (server) => listen(server, address, this.#options), secure);
  }

  /** Listens on a descriptor that was passed to this process. */
  async listenOn(fd: number, terms?: SocketTerms): Promise<void> {
    await this.#open(terms, (server) => listenOnDescriptor(server, fd));
  }

  /** Serves the connection on a descriptor that was passed to this process; resolves when it has ended. */
  async serveDescriptor(fd: number, terms?: SocketTerms): Promise<void> {
    await this.serve(new Socket({ fd, readable: true, writable: true, allowHalfOpen: true }), terms);
  }

  /** Serves a connected socket, which must allow to be half open; resolves when it has ended. Never rejects. */
  async serve(socket: Socket, terms?: SocketTerms): Promise<void> {
    const admitted = this.#admit(socket, terms);
    if (admitted === undefined) return;
    await this.#converse(socket, admitted);
    this.#admission.leave(admitted);
  }

  /** The same on a socket that begins with a TLS handshake. Strangers count as callers, so that there are no more of them. */
  async #serveSecure(socket: Socket, tls: TlsAcceptor, terms: SocketTerms): Promise<void> {
    const admitted = this.#admit(socket, terms);
    if (admitted === undefined) return;
    this.#strangers.add(socket);
    try {
      const { socket: secure, name } = await tls.accept(socket);
      this.#strangers.delete(socket);
      const peer = name === '' ? admitted.peer : { ...admitted.peer, name };
      if (this.#closing) secure.destroy();
      else await this.#converse(secure, { ...admitted, peer });
    } catch (error) {
      this.#options.onFailure?.(error);
    } finally {
      this.#strangers.delete(socket);
      this.#admission.leave(admitted);
    }
  }

  async #converse(socket: Socket, admitted: Admitted): Promise<void> {
    const { dispatcher, onFailure, isBehind } = this.#options;
    const scope = new ConnectionScope();
    const connection = this.connection(socket, {
      ...admitted,
      dispatcher,
      limits: this.#admission.limits,
      scope,
      onCall: (running) => this.#admission.call(running),
      ...(onFailure && { onFailure }),
      ...(isBehind && { isBehind }),
    });
    const served = connection.serve();
    this.#connections.set(connection, served);
    await served;
    scope.end();
    this.#connections.delete(connection);
  }

  /**
   * Stops: no new connections, no new calls; those that run may go on for `grace` milliseconds and are aborted then.
   * Resolves when the last connection has ended.
   */
  async close(grace = 0): Promise<void> {
    this.#closing = true;
    const closed = this.#listening.splice(0).map((listening) => listening.close());
    for (const stranger of this.#strangers) stranger.destroy();
    for (const connection of this.#connections.keys()) connection.close();
    const abort = setTimeout(() => {
      for (const connection of this.#connections.keys()) connection.destroy();
    }, grace);
    await Promise.all([...closed, ...this.#connections.values()]);
    clearTimeout(abort);
  }

  async #open(
    terms: SocketTerms | undefined,
    listenWith: (server: Server) => Promise<Listening>,
    secure = false,
  ): Promise<string> {
    const tls = secure ? this.#options.tls : undefined;
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      if (tls !== undefined && terms !== undefined) void this.#serveSecure(socket, tls, terms);
      else void this.serve(socket, terms);
    });
    const listening = await listenWith(server);
    // A connection that cannot be accepted, for want of descriptors say, is no reason to stop.
    server.on('error', (error) => this.#options.onFailure?.(error));
    this.#listening.push(listening);
    return listening.address;
  }

  /** Who is calling; undefined, and the socket closed, if it cannot be let in. */
  #admit(socket: Socket, terms: SocketTerms | undefined): Admitted | undefined {
    try {
      if (this.#closing) throw new ConnectionLimitError('the server stops');
      return this.#admission.enter(socket, terms);
    } catch (error) {
      socket.on('error', () => {});
      socket.destroy();
      this.#options.onFailure?.(error);
      return undefined;
    }
  }
}
