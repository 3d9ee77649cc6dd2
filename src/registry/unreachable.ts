// Registries that could not be reached a moment ago: nobody waits for them again while there is another one to ask.

/** How long a registry is passed over; milliseconds. */
const memory = 60_000;
const maxRemembered = 256;

/** What a daemon remembers of hosts, from one operation to the next. */
export class UnreachableHosts {
  readonly #until = new Map<string, number>();

  has(host: string): boolean {
    return (this.#until.get(host) ?? 0) > performance.now();
  }

  note(host: string): void {
    if (this.#until.size >= maxRemembered) this.#until.clear();
    this.#until.set(host, performance.now() + memory);
  }
}
