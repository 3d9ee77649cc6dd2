// Digests that were computed before, by the fingerprints of their sources: in memory, and in a directory for the next start.
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const DIRECTORY = 'digests';
const MOST_IN_MEMORY = 1000;
const MOST_FILES = 4000;
/** How many are left when there were too many. */
const ENOUGH_FILES = 3000;
/** How often somebody looks how many there are: once in so many that are new. */
const NEW_BETWEEN_LOOKS = 64;
const MOST_BYTES = 256;
const SUM_DIGITS = 16;
const digest = /^(?:(?:file|dir):)?[0-9a-f]{64}$/;

const memory = new Map<string, string>();
let added = 0;

/** Nothing in it is worth an error: what cannot be read or written is computed again. */
export class DigestCache {
  readonly #directory: string | undefined;

  /** `directory` is private; undefined remembers in this thread alone. */
  constructor(directory: string | undefined) {
    this.#directory = directory === undefined ? undefined : join(directory, DIRECTORY);
  }

  get(fingerprint: string): string | undefined {
    const key = this.#key(fingerprint);
    const known = memory.get(key) ?? this.#read(fingerprint);
    if (known !== undefined) remember(key, known);
    return known;
  }

  put(fingerprint: string, text: string): void {
    remember(this.#key(fingerprint), text);
    const directory = this.#directory;
    if (directory === undefined) return;
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const temporary = join(directory, `.${randomBytes(8).toString('hex')}`);
      writeFileSync(temporary, `${text} ${sumOf(fingerprint, text)}\n`, { mode: 0o600, flag: 'wx' });
      renameSync(temporary, join(directory, fingerprint));
      if (added++ % NEW_BETWEEN_LOOKS === 0) prune(directory);
    } catch {
      // No room, no rights.
    }
  }

  #key(fingerprint: string): string {
    return `${this.#directory ?? ''}\0${fingerprint}`;
  }

  #read(fingerprint: string): string | undefined {
    if (this.#directory === undefined) return undefined;
    const path = join(this.#directory, fingerprint);
    try {
      const [text = '', sum = ''] = readStart(path).trimEnd().split(' ');
      if (!digest.test(text) || sum !== sumOf(fingerprint, text)) return undefined;
      const now = new Date();
      utimesSync(path, now, now);
      return text;
    } catch {
      return undefined;
    }
  }
}

function remember(key: string, text: string): void {
  memory.delete(key);
  memory.set(key, text);
  for (const oldest of memory.keys()) {
    if (memory.size <= MOST_IN_MEMORY) return;
    memory.delete(oldest);
  }
}

function readStart(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!fstatSync(fd).isFile()) return '';
    const bytes = Buffer.alloc(MOST_BYTES);
    return bytes.toString('latin1', 0, readSync(fd, bytes, 0, MOST_BYTES, 0));
  } finally {
    closeSync(fd);
  }
}

function sumOf(fingerprint: string, text: string): string {
  return createHash('sha256').update(`${fingerprint} ${text}`).digest('hex').slice(0, SUM_DIGITS);
}

/** The least recently used go, and what others left when they were killed. */
function prune(directory: string): void {
  const names = readdirSync(directory);
  if (names.length <= MOST_FILES) return;
  const files = names.map((name) => ({ name, time: statSync(join(directory, name)).mtimeMs }));
  const oldest = files.toSorted((a, b) => a.time - b.time).slice(0, names.length - ENOUGH_FILES);
  for (const { name } of oldest) rmSync(join(directory, name), { force: true });
}
