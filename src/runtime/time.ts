// Times as the formats have them: RFC 3339 texts with up to nine fraction digits, more than a Date holds.

const rfc3339 = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:[.,](\d+))?([Zz]|[+-]\d\d:\d\d)$/;

/** The time of something that has none, as Go prints it. */
export const zeroTime = '0001-01-01T00:00:00Z';

interface Parts {
  readonly seconds: string;
  /** Without trailing zeros; empty when none. */
  readonly fraction: string;
  readonly zone: string;
}

function split(text: string): Parts | undefined {
  const [, date, clock, fraction = '', zone = ''] = rfc3339.exec(text) ?? [];
  if (date === undefined || clock === undefined) return undefined;
  return {
    seconds: `${date}T${clock}`,
    fraction: fraction.slice(0, 9).replace(/0+$/, ''),
    zone: /^[Zz]$|^[+-]00:00$/.test(zone) ? 'Z' : zone,
  };
}

/** `text` with nanoseconds as Go's RFC3339Nano prints it; undefined when it is no time. */
export function nanosecondTime(text: string): string | undefined {
  const parts = split(text);
  if (parts === undefined) return undefined;
  const fraction = parts.fraction === '' ? '' : `.${parts.fraction}`;
  return `${parts.seconds}${fraction}${parts.zone}`;
}

/** `text` cut to seconds; {@link zeroTime} when it is no time. */
export function secondTime(text: string | undefined): string {
  const parts = text === undefined ? undefined : split(text);
  return parts === undefined ? zeroTime : `${parts.seconds}${parts.zone}`;
}

/** Nanoseconds since 1970; undefined when `text` is no time. */
export function instant(text: string): bigint | undefined {
  const parts = split(text);
  if (parts === undefined) return undefined;
  const milliseconds = Date.parse(`${parts.seconds}${parts.zone}`);
  if (Number.isNaN(milliseconds)) return undefined;
  return BigInt(milliseconds) * 1_000_000n + BigInt(parts.fraction.padEnd(9, '0'));
}

/** Nanoseconds since 1970 as RFC 3339 in the local zone, the way Go prints it. */
export function localTime(nanoseconds: bigint): string {
  const milliseconds = Number(nanoseconds / 1_000_000n);
  // The Date counts to the west.
  const offset = -new Date(milliseconds).getTimezoneOffset();
  const seconds = new Date(milliseconds + offset * 60_000).toISOString().slice(0, 19);
  const fraction = String(nanoseconds % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${seconds}${fraction === '' ? '' : `.${fraction}`}${zoneText(offset)}`;
}

/** `offset` is in minutes to the east. */
function zoneText(offset: number): string {
  if (offset === 0) return 'Z';
  const minutes = Math.abs(offset);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
