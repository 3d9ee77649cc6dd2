// The daemon's sockets, those it inherits and those it opens: varlink and JSON-RPC, one service behind both.
import { mkdir } from 'node:fs/promises';
import type { Socket } from 'node:net';
import {
  Admission,
  unknownPeer,
  type AdmissionOptions,
  type Dispatcher,
  type DoorOptions,
  type Peer,
  type SocketTerms,
} from '../rpc/index.js';
import type { JsonRpcServer } from '../rpc/jsonrpc/server.js';
import { VarlinkServer } from '../rpc/varlink/server.js';
import { bindAbstract } from '../sys/abstract-socket.js';
import { accountNumbers } from '../sys/account.js';
import { hasUnread, isGuarded, isListening, peerCredentials, peerGroups } from '../sys/peer.js';
import { roleOf, speaksJsonRpc, type ActivatedSocket } from './activation.js';
import type { DaemonOptions } from './options.js';

/** Both doors, which count their callers together. */
export class Doors {
  readonly #options: DoorOptions;
  readonly #varlink: VarlinkServer;
  #jsonRpc: JsonRpcServer | undefined;

  constructor(
    dispatcher: Dispatcher,
    environment: DaemonOptions['environment'],
    told: Pick<AdmissionOptions, 'onActivity'> & Pick<DoorOptions, 'onFailure' | 'tls'>,
  ) {
    const admission = new Admission({ ...told, peerOf });
    const groupId = async (name: string): Promise<number> => await groupNumber(name, environment);
    this.#options = { ...told, dispatcher, bindAbstract, groupId, admission, isBehind };
    this.#varlink = new VarlinkServer(this.#options);
  }

  /** Opens every socket; returns where each is. `over` is called when an inherited connection has ended. */
  async open(options: DaemonOptions, over: () => void): Promise<readonly string[]> {
    const opened: string[] = [];
    for (const socket of options.activated) {
      const isJsonRpc = speaksJsonRpc(socket);
      const door = isJsonRpc ? await this.#openJsonRpc() : this.#varlink;
      const terms = termsOf(socket);
      if (isListening(socket.fd)) await door.listenOn(socket.fd, terms);
      else void door.serveDescriptor(socket.fd, terms).then(over);
      opened.push(terms.address);
    }
    if (options.defaultDirectory !== undefined)
      await mkdir(options.defaultDirectory, { recursive: true, mode: 0o755 });
    for (const address of options.addresses) opened.push(await this.#varlink.listen(address));
    for (const address of options.jsonrpc) {
      const door = await this.#openJsonRpc();
      opened.push(`jsonrpc+${await door.listen(address)}`);
    }
    return opened;
  }

  /** Lets nobody in any more; calls that run may go on for `grace` milliseconds. */
  async close(grace = 0): Promise<void> {
    await Promise.all([this.#varlink.close(grace), this.#jsonRpc?.close(grace)]);
  }

  /** Loaded by those who ask for it: its packages take time at the start, and memory. */
  async #openJsonRpc(): Promise<JsonRpcServer> {
    if (this.#jsonRpc === undefined) {
      const door = await import('../rpc/jsonrpc/server.js');
      this.#jsonRpc = new door.JsonRpcServer(this.#options);
    }
    return this.#jsonRpc;
  }
}

/** What its unit has made of a socket, by the name and where it is. */
function termsOf(socket: ActivatedSocket): SocketTerms {
  const role = roleOf(socket);
  const note = speaksJsonRpc(socket) ? ' (JSON-RPC)' : role === undefined ? '' : ' (read-only)';
  const address = `descriptor ${socket.fd}${note}`;
  return { address, guarded: isGuarded(socket.fd), ...(role !== undefined && { role }) };
}

/** The number of a group, -1 if there is none of that name. */
export async function groupNumber(name: string, environment: DaemonOptions['environment']): Promise<number> {
  if (/^\d{1,9}$/.test(name)) return Number(name);
  const numbers = await accountNumbers('group', [name], environment, AbortSignal.timeout(10_000));
  return numbers.get(name) ?? -1;
}

/** Who is at the other end; only unix sockets can tell. */
function peerOf(socket: Socket): Peer {
  const fd = unixDescriptor(socket);
  return fd === undefined ? unknownPeer : { ...peerCredentials(fd), groups: peerGroups(fd) };
}

/** Over TCP the kernel knows what has arrived, not what was read. */
function isBehind(socket: Socket): boolean {
  const fd = unixDescriptor(socket);
  return fd !== undefined && hasUnread(fd);
}

function unixDescriptor(socket: Socket): number | undefined {
  const fd = (socket as { readonly _handle?: { readonly fd?: number } })._handle?.fd ?? -1;
  return fd < 0 || socket.remoteFamily !== undefined ? undefined : fd;
}
