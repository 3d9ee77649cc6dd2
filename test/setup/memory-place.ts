// Temporary files of the tests in memory: stores are on disk for an hour of people's work, and for a second of a test's.
import { mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the tests need at most, several times over. */
const size = 6 * 1024 ** 3;

/** The mount is seen by nobody else, and ends with the last process that sees it; where it cannot be made, disks must do. */
const script = `mount -t tmpfs -o size=${size},mode=1777 imaged-tests "$0" && export TMPDIR="$0"; exec "$@"`;

export interface Placed {
  readonly command: readonly string[];
  /** To be called when the command has ended. */
  readonly remove: () => void;
}

/** The command as it runs with its temporary files in memory, if that is wanted, it may, and there is as much again to spare. */
export function placedInMemory(command: readonly string[]): Placed {
  const wanted = process.env['IMAGED_TEST_MEMORY'] === '1';
  if (!wanted || process.getuid?.() !== 0 || available() < 2 * size) {
    return { command, remove: () => undefined };
  }
  // Short, for the sockets in it.
  const place = mkdtempSync(join(tmpdir(), 'it-'));
  return {
    command: ['unshare', '--mount', 'sh', '-c', script, place, ...command],
    remove: () => rmdirSync(place),
  };
}

/** Bytes that programs can have without anything else suffering. */
function available(): number {
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}
