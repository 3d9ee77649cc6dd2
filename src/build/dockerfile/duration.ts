// Durations as Go writes them: `1h30m`, `1.5s`, `0`.

const units: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n],
  ['μs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);

const most = 2n ** 63n - 1n;

/** Nanoseconds. Throws a RangeError that says what is wrong with the text. */
export function parseDuration(text: string): number {
  const [, sign = '', amount = ''] = /^([-+]?)(.*)$/s.exec(text) ?? [];
  if (amount === '0') return 0;
  if (amount === '' || amount.length > 100) throw new RangeError(`invalid duration ${JSON.stringify(text)}`);
  let total = 0n;
  for (let rest = amount; rest !== '';) {
    const [part, whole = '', fraction = '', unit = ''] = /^(\d*)\.?(\d*)([^\d.]*)/.exec(rest) ?? [];
    if (part === undefined || whole + fraction === '') {
      throw new RangeError(`invalid duration ${JSON.stringify(text)}`);
    }
    if (unit === '') throw new RangeError(`missing unit in duration ${JSON.stringify(text)}`);
    const size = units.get(unit);
    if (size === undefined) {
      throw new RangeError(`unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`);
    }
    total += BigInt(whole || '0') * size + (BigInt(fraction || '0') * size) / 10n ** BigInt(fraction.length);
    rest = rest.slice(part.length);
  }
  if (total > most) throw new RangeError(`invalid duration ${JSON.stringify(text)}`);
  return Number(sign === '-' ? -total : total);
}
