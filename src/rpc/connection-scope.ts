// One connection as methods know it.

/** A key for what belongs to a connection, and word of its end. */
export class ConnectionScope {
  #atEnd: Set<() => void> | undefined;
  #ended = false;

  /** Calls `callback` once the connection has ended and none of its calls runs any more; at once if that is so already. */
  onEnd(callback: () => void): void {
    if (this.#ended) {
      callback();
      return;
    }
    this.#atEnd ??= new Set();
    this.#atEnd.add(callback);
  }

  /** Takes {@link onEnd} back. */
  forget(callback: () => void): void {
    this.#atEnd?.delete(callback);
  }

  /** For the door. */
  end(): void {
    this.#ended = true;
    for (const callback of this.#atEnd ?? []) callback();
    this.#atEnd = undefined;
  }
}
