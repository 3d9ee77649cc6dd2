// The time `until=` of a filter means: a time, a part of one, Unix seconds, or how long ago (images-and-transports §9).
import { parseDuration } from '../../build/dockerfile/duration.js';

const dated = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?)?(Z|[+-]\d\d:\d\d)?$/;
const unixSeconds = /^\+?(\d{1,12})(?:\.(\d{1,18}))?$/;

const second = 1_000_000_000n;

/**
 * Nanoseconds since 1970. As in Podman, a text that is a duration goes back from `now` (milliseconds since 1970), in whole
 * seconds, and a time without a zone is in the zone of `now`. Throws a RangeError that says what is wrong.
 */
export function filterTime(text: string, now: number): bigint {
  const time = timeAgo(text, now) ?? datedTime(text, now) ?? unixTime(text);
  if (time === undefined)
    throw new RangeError(`failed to parse value as time or duration: ${JSON.stringify(text)}`);
  return time;
}

/** `0` is the beginning of 1970, not now. */
function timeAgo(text: string, now: number): bigint | undefined {
  if (text === '0') return undefined;
  try {
    return BigInt(Math.floor((now - parseDuration(text) / 1e6) / 1000)) * second;
  } catch {
    return undefined;
  }
}

function datedTime(text: string, now: number): bigint | undefined {
  const [whole, year, month, day, hour = '00', minute = '00', seconds = '00', fraction = '', zone] =
    dated.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const clock = `${year}-${month}-${day}T${hour}:${minute}:${seconds}`;
  const utc = Date.parse(`${clock}Z`);
  // A Date makes the first of March of the thirtieth of February.
  if (Number.isNaN(utc) || !new Date(utc).toISOString().startsWith(clock)) return undefined;
  const milliseconds =
    zone === undefined ? utc + new Date(now).getTimezoneOffset() * 60_000 : Date.parse(`${clock}${zone}`);
  if (Number.isNaN(milliseconds)) return undefined;
  return BigInt(milliseconds) * 1_000_000n + nanoseconds(fraction);
}

function unixTime(text: string): bigint | undefined {
  const [, seconds, fraction = ''] = unixSeconds.exec(text) ?? [];
  return seconds === undefined ? undefined : BigInt(seconds) * second + nanoseconds(fraction);
}

/** Of the digits behind the point of a second. */
function nanoseconds(fraction: string): bigint {
  return BigInt(fraction.slice(0, 9).padEnd(9, '0'));
}
