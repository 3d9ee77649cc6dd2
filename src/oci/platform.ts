// Platforms: what a machine can run, and in which order of preference.

/** For what an image was made; names as in Go: `linux`, `amd64`, `v7`. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

/** A text that names no platform. */
export class PlatformNameError extends Error {
  override readonly name = 'PlatformNameError';
  readonly code = 'INVALID_PLATFORM';
}

/** `os/architecture` or `os/architecture/variant`. Throws {@link PlatformNameError}. */
export function parsePlatform(text: string): Platform {
  const match = /^([a-z0-9]+)\/([a-z0-9_]+)(?:\/([a-z0-9.]+))?$/.exec(text);
  if (match === null) {
    throw new PlatformNameError(
      `invalid platform ${JSON.stringify(text)}, expected os/architecture[/variant]`,
    );
  }
  const [, os = '', architecture = '', variant] = match;
  return { os, architecture, ...(variant !== undefined && { variant }) };
}

const goNames: ReadonlyMap<string, string> = new Map([
  ['x64', 'amd64'],
  ['ia32', '386'],
  ['ppc64', 'ppc64le'],
  ['mipsel', 'mipsle'],
  ['loong64', 'loong64'],
]);

// From the most to the least capable; a machine runs its own variant and everything behind it.
const variantOrder: ReadonlyMap<string, readonly string[]> = new Map([
  ['arm', ['v8', 'v7', 'v6', 'v5']],
  ['arm64', ['v8']],
]);

/** This machine, from node's name of the architecture and the text of /proc/cpuinfo (only looked at for arm). */
export function hostPlatform(nodeArch: string, cpuinfo: string): Platform {
  const architecture = goNames.get(nodeArch) ?? nodeArch;
  const variant = variantOrder.has(architecture) ? armVariant(cpuinfo) : undefined;
  return { os: 'linux', architecture, ...(variant !== undefined && { variant }) };
}

function armVariant(cpuinfo: string): string | undefined {
  const [, version = ''] = /^CPU architecture\s*:\s*(\S+)/m.exec(cpuinfo) ?? [];
  if (/^(?:8|aarch64)/i.test(version)) return 'v8';
  const [, number] = /^([5-7])/.exec(version) ?? [];
  return number === undefined ? undefined : `v${number}`;
}

/**
 * The variants to look for, best first. The empty one stands for an image that names no variant;
 * undefined, for architectures without variants of ours, for any.
 */
export function wantedVariants({ architecture, variant }: Platform): readonly (string | undefined)[] {
  const order = variantOrder.get(architecture);
  if (order === undefined) return variant === undefined ? [undefined] : [variant, ''];
  if (variant === undefined) return ['', ...order];
  const at = order.indexOf(variant);
  return [...(at < 0 ? [variant] : order.slice(at)), ''];
}
