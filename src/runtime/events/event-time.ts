// The times that `since` and `until` of GetEvents may be, which are those of podman's command line.
import { instant } from '../time.js';

const dated = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)([.,]\d+)?)?(Z|[+-]\d\d:\d\d)?$/;
const unixSeconds = /^([+-]?)(\d+)(?:\.(\d*))?$/;
const duration = /^([+-]?)((?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
const durationPart = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/g;

/** Nanoseconds. */
const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** Longer than any time is; characters. */
const longest = 100;
/** What Go counts nanoseconds in. */
const maxInt64 = 2n ** 63n - 1n;

/**
 * Nanoseconds since 1970, undefined when `text` is no time: RFC 3339, its date alone, both also without a zone, which is UTC then; Unix
 * seconds; or a duration of Go's, which goes from `now` into the past or into the future.
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
  const time = scaled(seconds, fraction, 1_000_000_000n);
  return sign === '-' ? -time : time;
}

function nanosecondsOf(text: string): bigint | undefined {
  const [, sign, parts] = duration.exec(text) ?? [];
  if (parts === undefined) return undefined;
  let sum = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of parts.matchAll(durationPart))
    sum += scaled(whole, fraction, units[unit] ?? 0n);
  if (sum > maxInt64) return undefined;
  return sign === '-' ? -sum : sum;
}

/** The decimal number times `unit`, what is below one cut off. */
function scaled(whole: string, fraction: string, unit: bigint): bigint {
  return (BigInt(`${whole}${fraction}` || '0') * unit) / 10n ** BigInt(fraction.length);
}
