// Numbers and sizes as flags have them.
import { CommandError } from '../errors.js';

/** Throws {@link CommandError} for what is none. */
export function wholeNumber(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (/^-?\d+$/.test(text) && Number.isSafeInteger(number)) return number;
  throw new CommandError(`${flag}: expected a whole number, not ${text}`);
}

/** `512m` and the like in bytes. Throws {@link CommandError}. */
export function bytesOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, number = '', unit = ''] = /^(\d+)([bkmgt]?)b?$/i.exec(text) ?? [];
  const bytes = Number(number) * 1024 ** 'bkmgt'.indexOf(unit.toLowerCase() || 'b');
  if (number !== '' && Number.isSafeInteger(bytes)) return bytes;
  throw new CommandError(`${flag}: expected a size such as 512m, not ${text}`);
}
