// Which events a caller wants (io-podman-api §3 GetEvents).
import { wallClock } from '../../sys/clock.js';
import type { Event } from './event.js';
import { eventTime } from './event-time.js';
import { isOriginal } from './original-events.js';

/** As the caller said it. */
export interface EventRequest {
  /** Each `key=value`. */
  readonly filter: readonly string[];
  /** Times, see {@link eventTime}; empty for none. */
  readonly since: string;
  readonly until: string;
}

export interface EventQuery {
  readonly matches: (event: Event) => boolean;
  /** Nanoseconds since 1970 after which no event is wanted any more. */
  readonly until: bigint | undefined;
  /** Are events wanted that were there before the call? */
  readonly past: boolean;
}

/** A filter or time that is none. */
export class InvalidEventQueryError extends Error {
  override readonly name = 'InvalidEventQueryError';
  readonly code = 'INVALID_EVENT_QUERY';
}

type Predicate = (event: Event) => boolean;

/** Throws {@link InvalidEventQueryError} with the words that clients of the original know. */
export function parseEventQuery(request: EventRequest): EventQuery {
  const now = wallClock();
  const since = parseTime('since', request.since, now);
  const until = parseTime('until', request.until, now);
  const predicates = parseFilters(request.filter);
  if (since !== undefined) predicates.push((event) => event.at > since);
  if (until !== undefined) predicates.push((event) => event.at < until);
  return {
    matches: (event) => predicates.every((matches) => matches(event)),
    until,
    past: since !== undefined || until !== undefined,
  };
}

function parseTime(what: 'since' | 'until', text: string, now: bigint): bigint | undefined {
  if (text === '') return undefined;
  const time = eventTime(text, what === 'since' ? 'ago' : 'ahead', now);
  if (time !== undefined) return time;
  throw invalid(`unable to convert ${what} time of ${text}: unable to interpret time value`);
}

/** Filters of one key are alternatives, and of each key one must match: as podman has it since 3.0. */
function parseFilters(filters: readonly string[]): Predicate[] {
  const alternatives = new Map<string, Predicate[]>();
  for (const filter of filters) {
    const equals = filter.indexOf('=');
    if (equals < 0) throw invalid(`${filter} is an invalid filter`);
    const key = filter.slice(0, equals).toLowerCase();
    const predicate = parseFilter(key, filter.slice(equals + 1));
    if (predicate === undefined) throw invalid(`${filter.slice(0, equals)} is an invalid filter`);
    alternatives.set(key, [...(alternatives.get(key) ?? []), predicate]);
  }
  const predicates: Predicate[] = [...alternatives.values()].map(
    (some) => (event) => some.some((matches) => matches(event)),
  );
  // Who names what is newer than the interface can read it.
  if (!['event', 'status', 'type'].some((key) => alternatives.has(key))) predicates.push(isOriginal);
  return predicates;
}

/** Undefined when there is no such key. */
function parseFilter(key: string, value: string): Predicate | undefined {
  switch (key) {
    case 'container':
    case 'image':
    case 'pod':
    case 'volume':
      return ({ type, name, id }) => type === key && (name === value || id.startsWith(value));
    case 'event':
    case 'status':
      return ({ status }) => status === value;
    case 'type':
      return ({ type }) => type === value;
    case 'label':
      return labelFilter(value);
    default:
      return undefined;
  }
}

/** `KEY` or `KEY=VALUE`. */
function labelFilter(label: string): Predicate {
  const equals = label.indexOf('=');
  const key = equals < 0 ? label : label.slice(0, equals);
  const value = equals < 0 ? undefined : label.slice(equals + 1);
  return ({ attributes = {} }) =>
    Object.hasOwn(attributes, key) && (value === undefined || attributes[key] === value);
}

function invalid(reason: string): InvalidEventQueryError {
  return new InvalidEventQueryError(`unable to generate event options: ${reason}`);
}
