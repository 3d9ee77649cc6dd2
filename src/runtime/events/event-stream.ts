// The events a caller wants, one after the other: those that were, and those that come.
import { wallClock } from '../../sys/clock.js';
import { ChangeFlag } from '../change-flag.js';
import { parseEvent, type Event } from './event.js';
import type { EventLog } from './event-log.js';
import type { EventQuery } from './event-query.js';
import type { EventTail } from './event-tail.js';

/** What a timer can wait for; milliseconds. */
const longestTimer = 2 ** 31 - 1;

/** The oldest event that is wanted; undefined if there is none yet. */
export async function firstEvent(
  log: EventLog,
  query: EventQuery,
  signal: AbortSignal,
): Promise<Event | undefined> {
  await using tail = await log.read('start');
  for await (const event of eventsIn(tail, query, signal)) return event;
  return undefined;
}

/** Events as they happen, after those that are wanted of the past, until nothing more is wanted. Throws the signal's reason. */
export async function* followEvents(
  log: EventLog,
  query: EventQuery,
  signal: AbortSignal,
): AsyncGenerator<Event, void, void> {
  const change = new ChangeFlag();
  const wake = (): void => change.raise();
  signal.addEventListener('abort', wake, { once: true });
  try {
    // Before the file is opened: what happens meanwhile is looked for once more.
    using _following = await log.follow(wake);
    await using tail = await log.read(query.past ? 'start' : 'end');
    for (;;) {
      // Asked before the file is read for the last time.
      const over = query.until !== undefined && wallClock() >= query.until;
      yield* eventsIn(tail, query, signal);
      if (over) return;
      signal.throwIfAborted();
      const timer = query.until === undefined ? undefined : setTimeout(wake, remaining(query.until));
      await change.lowered();
      clearTimeout(timer);
    }
  } finally {
    signal.removeEventListener('abort', wake);
  }
}

/** Those that are there now. Lines that are no events are passed over. */
async function* eventsIn(
  tail: EventTail,
  { matches }: EventQuery,
  signal: AbortSignal,
): AsyncGenerator<Event, void, void> {
  for (let lines = await tail.read(); lines.length > 0; lines = await tail.read()) {
    for (const line of lines) {
      const event = parseEvent(line);
      if (event === undefined || !matches(event)) continue;
      yield event;
    }
    signal.throwIfAborted();
  }
}

/** Milliseconds, rounded up. */
function remaining(until: bigint): number {
  const left = (until - wallClock()) / 1_000_000n + 1n;
  return Number(left > longestTimer ? longestTimer : left);
}
