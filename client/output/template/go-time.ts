// Times with their nanoseconds and zone, and durations, as podman's language prints them.
import { int64Type, intType, stringType } from './go-type.js';
import type { GoMethod, GoType, GoValue } from './go-type.js';

export interface GoTime {
  /** Since 1970. */
  readonly seconds: number;
  readonly nanoseconds: number;
  /** Of its zone, in seconds east of UTC. */
  readonly offset: number;
}

const pattern = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(?:Z|([+-])(\d\d):(\d\d))$/;

/** RFC 3339; nothing for what is none. */
export function parseTime(text: string): GoTime | undefined {
  const [, year, month, day, hour, minute, second, fraction = '', sign, hours, minutes] =
    pattern.exec(text) ?? [];
  if (year === undefined) return undefined;
  const offset = (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60);
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  date.setUTCHours(Number(hour), Number(minute), Number(second));
  return {
    seconds: date.getTime() / 1000 - offset,
    nanoseconds: Number(fraction.padEnd(9, '0')),
    offset,
  };
}

export function inUtc(time: GoTime): GoTime {
  return { ...time, offset: 0 };
}

const monthNames = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const dayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** `2024-03-01 00:00:00.5 +0000 UTC` */
export function timeText(time: GoTime): string {
  return formatTime(time, '2006-01-02 15:04:05.999999999 -0700 MST');
}

/** RFC 3339 with the fraction there is. */
export function timeJson(time: GoTime): string {
  return formatTime(time, '2006-01-02T15:04:05.999999999Z07:00');
}

const layoutParts =
  /2006|January|Jan|Monday|Mon|MST|Z07:00|-07:00|-0700|[.,](?:0+|9+)(?!\d)|01|02|03|04|05|06|002|15|PM|pm|_2|[1-5]/g;

/** `layout` shows how a certain moment would be written: 15:04:05 on Monday, 2 January 2006, seven hours west of UTC. */
export function formatTime(time: GoTime, layout: string): string {
  const date = new Date((time.seconds + time.offset) * 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const month = monthNames[date.getUTCMonth()] ?? '';
  const day = dayNames[date.getUTCDay()] ?? '';
  const hour12 = date.getUTCHours() % 12 || 12;
  const east = time.offset < 0 ? '-' : '+';
  const [zoneHours, zoneMinutes] = [
    two(Math.floor(Math.abs(time.offset) / 3600)),
    two(Math.floor(Math.abs(time.offset) / 60) % 60),
  ];
  const parts: Readonly<Record<string, string>> = {
    '2006': String(date.getUTCFullYear()).padStart(4, '0'),
    '06': two(date.getUTCFullYear() % 100),
    January: month,
    Jan: month.slice(0, 3),
    Monday: day,
    Mon: day.slice(0, 3),
    MST: time.offset === 0 ? 'UTC' : `${east}${zoneHours}${zoneMinutes === '00' ? '' : zoneMinutes}`,
    'Z07:00': time.offset === 0 ? 'Z' : `${east}${zoneHours}:${zoneMinutes}`,
    '-07:00': `${east}${zoneHours}:${zoneMinutes}`,
    '-0700': `${east}${zoneHours}${zoneMinutes}`,
    '01': two(date.getUTCMonth() + 1),
    '1': String(date.getUTCMonth() + 1),
    '02': two(date.getUTCDate()),
    _2: String(date.getUTCDate()).padStart(2),
    '2': String(date.getUTCDate()),
    '15': two(date.getUTCHours()),
    '03': two(hour12),
    '3': String(hour12),
    '04': two(date.getUTCMinutes()),
    '4': String(date.getUTCMinutes()),
    '05': two(date.getUTCSeconds()),
    '5': String(date.getUTCSeconds()),
    PM: date.getUTCHours() < 12 ? 'AM' : 'PM',
    pm: date.getUTCHours() < 12 ? 'am' : 'pm',
  };
  return layout.replace(layoutParts, (part) => parts[part] ?? fraction(time, part));
}

/** Nines leave out what is zero at the end, and the point with it. */
function fraction({ nanoseconds }: GoTime, part: string): string {
  if (part.length < 2) return part;
  const digits = String(nanoseconds)
    .padStart(9, '0')
    .slice(0, part.length - 1);
  const kept = part.endsWith('9') ? digits.replace(/0+$/, '') : digits;
  return kept === '' ? '' : `${part.charAt(0)}${kept}`;
}

/** Nanoseconds as `1m30s`. */
export function durationText(nanoseconds: number): string {
  if (nanoseconds === 0) return '0s';
  const sign = nanoseconds < 0 ? '-' : '';
  const size = Math.abs(nanoseconds);
  if (size < 1000) return `${sign}${size}ns`;
  if (size < 1e6) return `${sign}${size / 1e3}µs`;
  if (size < 1e9) return `${sign}${size / 1e6}ms`;
  const minutes = Math.floor(size / 60e9);
  const seconds = `${Number((size / 1e9 - minutes * 60).toFixed(9))}s`;
  if (minutes === 0) return sign + seconds;
  const hours = Math.floor(minutes / 60);
  return `${sign}${hours === 0 ? '' : `${hours}h`}${minutes % 60}m${seconds}`;
}

function method(
  parameters: readonly GoType[],
  type: GoType,
  call: (time: GoTime, argument: string) => unknown,
): GoMethod {
  return {
    parameters,
    call: ({ raw }, [argument]) => ({ type, raw: call(raw as GoTime, argument?.raw as string) }),
  };
}

export const timeType: GoType = {
  kind: 'time',
  name: 'time.Time',
  text: (raw) => timeText(raw as GoTime),
  methods: new Map<string, GoMethod>([
    ['Format', method([stringType], stringType, (time, layout) => formatTime(time, layout))],
    ['String', method([], stringType, (time) => timeText(time))],
    ['Unix', method([], int64Type, ({ seconds }) => seconds)],
    ['UnixNano', method([], int64Type, ({ seconds, nanoseconds }) => seconds * 1e9 + nanoseconds)],
    ['UTC', { parameters: [], call: ({ raw }): GoValue => ({ type: timeType, raw: inUtc(raw as GoTime) }) }],
    [
      'Year',
      method([], intType, ({ seconds, offset }) => new Date((seconds + offset) * 1000).getUTCFullYear()),
    ],
  ]),
};

export const durationType: GoType = {
  kind: 'int',
  name: 'time.Duration',
  text: (raw) => durationText(raw as number),
};
