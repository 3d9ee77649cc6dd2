// One file of the exchange: who may use it, and how long it lasts.
import { rm } from 'node:fs/promises';
import { removeTree } from '../../sys/remove-tree.js';
import type { HostCaller } from '../host-access.js';

/** How long a file that nobody uses is kept; milliseconds. */
const idleMs = 10 * 60_000;
/** The same once the connection it was made for has ended: callers that make each call on a new one come soon. */
const orphanMs = 60_000;

/** Whose call it is. */
export interface FileCaller {
  /** `name` tells those apart that came over a network: they all have the uid -1. */
  readonly peer: HostCaller & { readonly name?: string };
  readonly connection: { onEnd(callback: () => void): void; forget(callback: () => void): void };
}

/** `connection`: nobody else can name it, and it ends with that; `user`: any connection of the same user can. */
export type FileScope = 'connection' | 'user';

/** A file, or the place for one, that is removed when nobody wants it any more. */
export class ExchangedFile {
  readonly path: string;
  readonly #caller: FileCaller;
  readonly #scope: FileScope;
  readonly #onRemoved: () => void;
  #idleMs = idleMs;
  #users = 0;
  #doomed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(path: string, caller: FileCaller, scope: FileScope, onRemoved: () => void) {
    this.path = path;
    this.#caller = caller;
    this.#scope = scope;
    this.#onRemoved = onRemoved;
    caller.connection.onEnd(this.#orphaned);
    this.#wait();
  }

  /** A place beside it for what it is made of; removed with it. */
  get workPath(): string {
    return `${this.path}.work`;
  }

  mayBeUsedBy(caller: FileCaller): boolean {
    if (this.#doomed) return false;
    if (this.#scope === 'connection') return caller.connection === this.#caller.connection;
    return this.isSavedFor(caller);
  }

  /** Whether it is for any connection of that user. */
  isSavedFor(caller: FileCaller): boolean {
    if (this.#scope !== 'user') return false;
    const { uid, name } = this.#caller.peer;
    return caller.peer.uid === uid && caller.peer.name === name;
  }

  /** Keeps it until {@link release}. */
  hold(): void {
    this.#users += 1;
    clearTimeout(this.#timer);
  }

  async release(): Promise<void> {
    this.#users -= 1;
    if (this.#doomed) await this.#removeUnused();
    else this.#wait();
  }

  /** Nobody can name it any more; it is removed once nobody uses it. May be called again. */
  async remove(): Promise<void> {
    this.#doomed = true;
    this.#caller.connection.forget(this.#orphaned);
    clearTimeout(this.#timer);
    this.#onRemoved();
    await this.#removeUnused();
  }

  readonly #orphaned = (): void => {
    this.#idleMs = orphanMs;
    if (this.#scope === 'connection') void this.remove();
    else this.#wait();
  };

  #wait(): void {
    clearTimeout(this.#timer);
    if (this.#users > 0 || this.#doomed) return;
    this.#timer = setTimeout(() => void this.remove(), this.#idleMs).unref();
  }

  async #removeUnused(): Promise<void> {
    if (this.#users > 0) return;
    await rm(this.path, { force: true });
    await removeTree(this.workPath);
  }
}
