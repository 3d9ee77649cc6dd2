// The machine imaged runs on, as GetInfo describes it.
import { readFile } from 'node:fs/promises';
import { cpus, hostname, release, uptime } from 'node:os';

/** Memory sizes are bytes. */
export interface HostInfo {
  readonly distribution: { readonly distribution: string; readonly version: string };
  readonly memFree: number;
  readonly memTotal: number;
  readonly swapFree: number;
  readonly swapTotal: number;
  readonly cpus: number;
  readonly hostname: string;
  readonly kernel: string;
  readonly uptime: string;
}

export async function readHostInfo(): Promise<HostInfo> {
  const [memory, osRelease] = await Promise.all([
    readPairs('/proc/meminfo', ':'),
    readPairs('/etc/os-release', '=').then((pairs) =>
      pairs.size > 0 ? pairs : readPairs('/usr/lib/os-release', '='),
    ),
  ]);
  const bytes = (key: string): number => Number.parseInt(memory.get(key) ?? '0', 10) * 1024;
  return {
    distribution: {
      distribution: unquote(osRelease.get('ID')) || 'unknown',
      version: unquote(osRelease.get('VERSION_ID')) || 'unknown',
    },
    memFree: bytes('MemFree'),
    memTotal: bytes('MemTotal'),
    swapFree: bytes('SwapFree'),
    swapTotal: bytes('SwapTotal'),
    cpus: cpus().length,
    hostname: hostname(),
    kernel: release(),
    uptime: uptimeText(uptime()),
  };
}

/** Lines `key<separator>value` of a file; empty when it cannot be read. */
async function readPairs(path: string, separator: string): Promise<ReadonlyMap<string, string>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return new Map();
  }
  const pairs = new Map<string, string>();
  for (const line of text.split('\n')) {
    const at = line.indexOf(separator);
    if (at > 0) pairs.set(line.slice(0, at).trim(), line.slice(at + 1).trim());
  }
  return pairs;
}

function unquote(value: string | undefined): string {
  return (value ?? '').replace(/^(["'])(.*)\1$/, '$2');
}

/** `26h 3m 4.5s (Approximately 1.08 days)`: clients show it as it comes. */
export function uptimeText(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = Number((seconds % 60).toFixed(2));
  if (hours === 0) return minutes === 0 ? `${rest}s` : `${minutes}m ${rest}s`;
  return `${hours}h ${minutes}m ${rest}s (Approximately ${(hours / 24).toFixed(2)} days)`;
}
