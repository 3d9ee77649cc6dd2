// The times that `since` and `until` of GetEvents may be, which are those of podman's command line.
import { parseDuration } from '../../build/dockerfile/duration.js';
import { instant } from '../time.js';

const dated = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)([.,]\d+)?)?(Z|[+-]\d\d:\d\d)?$/;
const unixSeconds = /^([+-]?)(\d+)(?:\.(\d*))?$/;

/** Longer than any time is; characters. */
const longest = 100;

/**
 * Nanoseconds since 1970, undefined when `text` is no time: RFC 3339, its date alone, both also without a zone, which is UTC then; Unix
 * seconds; or a duration of Go's, which goes from `now` into the past or into the future. (The filters of images take more: `filterTime`.)
 */
export function eventTime(text: string, duration: 'ago' | 'ahead', now: bigint): bigint | undefined {
  if (text.length > longest) return undefined;
  const time = datedTime(text) ?? unixTime(text);
  if (time !== undefined) return time;
  const distance = nanosecondsOf(text);
  if (distance === undefined) return undefined;
  return duration === 'ago' ? now - distance : now + distance;
}

function datedTime(text: string): bigint | undefined {
  const [, date, clock = '00:00:00', fraction = '', zone = 'Z'] = dated.exec(text) ?? [];
  if (date === undefined) return undefined;
  const seconds = `${date}T${clock}`;
  // Date makes the first of March of the thirtieth of February.
  const milliseconds = Date.parse(`${seconds}Z`);
  if (Number.isNaN(milliseconds) || !new Date(milliseconds).toISOString().startsWith(seconds))
    return undefined;
  return instant(`${seconds}${fraction}${zone}`);
}

function unixTime(text: string): bigint | undefined {
  const [, sign, seconds, fraction = ''] = unixSeconds.exec(text) ?? [];
  if (seconds === undefined) return undefined;
  const time = BigInt(`${seconds}${fraction.slice(0, 9).padEnd(9, '0')}`);
  return sign === '-' ? -time : time;
}

function nanosecondsOf(text: string): bigint | undefined {
  try {
    return BigInt(parseDuration(text));
  } catch {
    return undefined;
  }
}
