// How much is asked of registries, for those who watch.

/** Counts the requests that are answered whole; blobs have counters of their own. */
export class RegistryTraffic {
  /** By the class of the status, `2xx`; `none` where nobody answered. */
  readonly answers = new Map<string, number>();
  retries = 0;

  answered(status: number | undefined): void {
    const name = status === undefined ? 'none' : `${Math.trunc(status / 100)}xx`;
    this.answers.set(name, (this.answers.get(name) ?? 0) + 1);
  }
}
