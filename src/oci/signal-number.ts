// Signals by name or number, as they are written into configurations.
import { constants } from 'node:os';

const firstRealTime = 34;
const lastSignal = 64;

/** The number of `SIGHUP`, `hup` or `1`, from 1 to 64; or, as a text, why there is none. */
export function signalNumber(text: string): number | string {
  const number = /^[+-]?[0-9]+$/.test(text) ? Number(text) : byName(text.toUpperCase().replace(/^SIG/, ''));
  if (number === undefined || number === 0) return `invalid signal: ${text}`;
  return number >= 1 && number <= lastSignal ? number : 'valid signals are 1 through 64';
}

function byName(name: string): number | undefined {
  const [, edge, distance = ''] = /^RT(MIN|MAX)(?:[+-]([0-9]{1,2}))?$/.exec(name) ?? [];
  if (edge === undefined) {
    // Node has no name for the one that only Linux has.
    return name === 'CLD' ? constants.signals.SIGCHLD : constants.signals[`SIG${name}` as NodeJS.Signals];
  }
  const offset = Number(distance);
  const rising = edge === 'MIN';
  // From the middle on they are named after the other end.
  if (offset > (rising ? 15 : 14) || (distance !== '' && name.includes('+') !== rising)) return undefined;
  return rising ? firstRealTime + offset : lastSignal - offset;
}
