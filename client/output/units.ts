// Sizes and ages in the words podman prints them in.

const sizeUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'];

/** Bytes in powers of 1000 with three digits: `0 B`, `2.56 kB`, `104 MB`. */
export function humanSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999.5 and more would be rounded to 1000, which three digits cannot show.
  while (value >= (unit === 0 ? 1000 : 999.5) && unit < sizeUnits.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${Number(value.toPrecision(3))} ${sizeUnits[unit]}`;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
/** The longest duration of podman's language. An image without a date is this old. */
const longest = 2 ** 63 / 1e6;

/** How long ago something was, given in milliseconds: `5 seconds ago`, `About an hour ago`, `3 weeks ago`. */
export function humanAge(milliseconds: number): string {
  const age = Math.min(milliseconds, longest);
  return `${duration(age)} ago`;
}

function duration(age: number): string {
  const seconds = Math.trunc(age / second);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.trunc(age / minute);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.trunc(age / hour + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  const days = Math.trunc(hours / 24);
  if (days < 14) return `${days} days`;
  if (days < 60) return `${Math.trunc(days / 7)} weeks`;
  if (days < 730) return `${Math.trunc(days / 30)} months`;
  return `${Math.trunc(Math.trunc(age / hour) / 24 / 365)} years`;
}

const dayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A date as `podman version` has it, in UTC: `Thu Jan  1 00:00:00 1970`. */
export function longDate(date: Date): string {
  const day = String(date.getUTCDate()).padStart(2);
  const time = date.toISOString().slice(11, 19);
  return `${dayNames[date.getUTCDay()]} ${monthNames[date.getUTCMonth()]} ${day} ${time} ${date.getUTCFullYear()}`;
}
