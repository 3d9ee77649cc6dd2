// Looks after callers whose leaving no event would tell, because nothing is read from them.

/** A connection that finds out, when asked, whether its peer is still there. */
export interface Watched {
  probe(): void;
}

/** Milliseconds. */
const interval = 50;

const watched = new Set<Watched>();
let timer: NodeJS.Timeout | undefined;

/** Has a connection probe its peer every 50 ms. One timer serves all; there is none while nobody is watched. */
export function watchCaller(connection: Watched): void {
  watched.add(connection);
  timer ??= setInterval(() => {
    for (const each of watched) each.probe();
  }, interval);
}

export function unwatchCaller(connection: Watched): void {
  if (!watched.delete(connection) || watched.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}
