// Sizes as people write them: 64m, 1g, 4096.

const factors: Readonly<Record<string, number>> = {
  '': 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
};

/** Bytes of `64m`, `64MB`, `64MiB` or `67108864`; undefined for what is no size. */
export function parseSize(text: string): number | undefined {
  const found = /^(\d{1,15})(?:\.(\d{1,6}))?([kmgt]?)(?:i?b)?$/i.exec(text.trim());
  const [, whole, fraction = '0', unit = ''] = found ?? [];
  if (whole === undefined) return undefined;
  const size = Math.floor(Number(`${whole}.${fraction}`) * (factors[unit.toLowerCase()] ?? 1));
  return Number.isSafeInteger(size) ? size : undefined;
}
