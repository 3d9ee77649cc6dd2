// The varlink door of a service: sockets to listen on, connections and their limits.
import type { Server } from 'node:net';
import { createServer, Socket } from 'node:net';
import type { Peer } from '../call-context.js';
import { unknownPeer } from '../call-context.js';
import type { Dispatcher } from '../dispatch.js';
import type { Limits } from '../limits.js';
import { defaultLimits } from '../limits.js';
import { listen, listenOnDescriptor } from '../listen.js';
import { Connection } from './connection.js';

/** What a server is doing; it may stop for idleness when both are 0. */
export interface Activity {
  readonly connections: number;
  readonly calls: number;
}

export interface VarlinkServerOptions {
  readonly dispatcher: Dispatcher;
  /** Asks the kernel who is at the other end; without it nobody is known. */
  readonly peerOf?: (socket: Socket) => Peer;
  readonly limits?: Partial<Limits>;
  /** Told whenever a connection or a call begins or ends. */
  readonly onActivity?: (activity: Activity) => void;
  /** Told why a connection was refused or cut off. */
  readonly onFailure?: (error: unknown) => void;
}

/** A connection that was refused because there are too many. */
export class ConnectionLimitError extends Error {
  override readonly name = 'ConnectionLimitError';
  readonly code = 'TOO_MANY_CONNECTIONS';
}

/** Serves a dispatcher over varlink, on any number of sockets. */
export class VarlinkServer {
  readonly #options: VarlinkServerOptions;
  readonly #limits: Limits;
  readonly #servers = new Set<Server>();
  readonly #connections = new Map<Connection, Promise<void>>();
  readonly #perUser = new Map<number, number>();
  #calls = 0;
  #closing = false;

  constructor(options: VarlinkServerOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
  }

  /** Listens on an address; resolves to it, with the port that was chosen. Throws `AddressError`. */
  async listen(address: string): Promise<string> {
    const server = this.#newServer();
    const listening = await listen(server, address);
    this.#watch(server);
    return listening;
  }

  /** Listens on a descriptor that was passed to this process. */
  async listenOn(fd: number): Promise<void> {
    const server = this.#newServer();
    await listenOnDescriptor(server, fd);
    this.#watch(server);
  }

  /** Serves the connection on a descriptor that was passed to this process; resolves when it has ended. */
  async serveDescriptor(fd: number): Promise<void> {
    await this.serve(new Socket({ fd, readable: true, writable: true, allowHalfOpen: true }));
  }

  /** Serves a connected socket, which must allow to be half open; resolves when it has ended. Never rejects. */
  async serve(socket: Socket): Promise<void> {
    const peer = this.#admit(socket);
    if (peer === undefined) return;
    const { dispatcher, onFailure } = this.#options;
    const connection = new Connection(socket, {
      dispatcher,
      peer,
      limits: this.#limits,
      onCall: (running) => {
        this.#calls += running ? 1 : -1;
        this.#tell();
      },
      ...(onFailure && { onFailure }),
    });
    const served = connection.serve();
    this.#connections.set(connection, served);
    this.#tell();
    await served;
    this.#connections.delete(connection);
    this.#count(peer, -1);
    this.#tell();
  }

  /**
   * Stops: no new connections, no new calls; those that run may go on for `grace` milliseconds and are aborted then.
   * Resolves when the last connection has ended.
   */
  async close(grace = 0): Promise<void> {
    this.#closing = true;
    const closed = [...this.#servers].map(async (server) => {
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    });
    for (const connection of this.#connections.keys()) connection.close();
    const abort = setTimeout(() => {
      for (const connection of this.#connections.keys()) connection.destroy();
    }, grace);
    await Promise.all([...closed, ...this.#connections.values()]);
    clearTimeout(abort);
  }

  #newServer(): Server {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => void this.serve(socket));
    this.#servers.add(server);
    return server;
  }

  /** A connection that cannot be accepted, for want of descriptors say, is no reason to stop. */
  #watch(server: Server): void {
    server.on('error', (error) => this.#options.onFailure?.(error));
  }

  /** Who is calling; undefined, and the socket closed, if there are too many already. */
  #admit(socket: Socket): Peer | undefined {
    try {
      const peer = this.#options.peerOf?.(socket) ?? unknownPeer;
      if (this.#closing) throw new ConnectionLimitError('the server stops');
      if (this.#connections.size >= this.#limits.connections)
        throw new ConnectionLimitError(`more than ${this.#limits.connections} connections`);
      if ((this.#perUser.get(peer.uid) ?? 0) >= this.#limits.connectionsPerUser)
        throw new ConnectionLimitError(
          `user ${peer.uid}: more than ${this.#limits.connectionsPerUser} connections`,
        );
      this.#count(peer, 1);
      return peer;
    } catch (error) {
      socket.on('error', () => {});
      socket.destroy();
      this.#options.onFailure?.(error);
      return undefined;
    }
  }

  #count(peer: Peer, change: number): void {
    const count = (this.#perUser.get(peer.uid) ?? 0) + change;
    if (count === 0) this.#perUser.delete(peer.uid);
    else this.#perUser.set(peer.uid, count);
  }

  #tell(): void {
    this.#options.onActivity?.({ connections: this.#connections.size, calls: this.#calls });
  }
}
