// The socket of an agent, as a RUN sees it: one of our own with the owner and the mode that were asked for.
import { chmodSync, chownSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Owner and mode of a file. */
export interface FileAccess {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Passes on what comes at one socket to another. */
export class AgentProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(agent: string) {
    this.#server = createServer((client) => {
      const upstream = connect(agent);
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        this.#sockets.add(from);
        from.pipe(to);
        // An end of one is the end of both; why does not matter to either.
        from.on('error', () => undefined);
        from.once('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
      }
    });
  }

  /** Listens at `path`, which must not be there; the names of sockets are short (107 bytes). */
  static async open(agent: string, path: string, access: FileAccess): Promise<AgentProxy> {
    const proxy = new AgentProxy(agent);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen(path, resolve);
    });
    chmodSync(path, access.mode);
    chownSync(path, access.uid, access.gid);
    return proxy;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
