// The digest of an archive that is unpacked: of its entries as the peers write them again.
import { paddingAfter } from '../../archive/tar-header-writer.js';
import type { TarObserver } from '../../archive/tar-observer.js';
import type { TarVisitor } from '../../archive/tar-reader.js';
import { isHeaderOnly, tarType } from '../../archive/tar-entry.js';
import type { AbortFlag } from '../../sys/abort-flag.js';
import { readArchive } from './archive-source.js';
import { ContentHash } from './content-hash.js';
import { readHeader } from './go-header-reader.js';
import type { Owner } from './ownership.js';

/** Hexadecimal; `owner` is whose the entries become, if not those they name. */
export async function digestArchive(fd: number, owner: Owner | undefined, abort: AbortFlag): Promise<string> {
  const observer = new DigestObserver(owner);
  await readArchive(fd, idleVisitor, observer, abort);
  return observer.digest();
}

const idleVisitor: TarVisitor = {
  blocked: false,
  settled: () => Promise.resolve(),
  entry: () => undefined,
  content: () => undefined,
  entryEnd: () => undefined,
};

class DigestObserver implements TarObserver {
  readonly #hash = new ContentHash(true);
  readonly #owner: Owner | undefined;
  /** What came since the last content, and how much of its beginning belongs to that. */
  #raw: Buffer[] = [];
  #padding = 0;
  #size = 0;

  constructor(owner: Owner | undefined) {
    this.#owner = owner;
  }

  raw(bytes: Buffer, start: number, end: number): void {
    const skipped = Math.min(this.#padding, end - start);
    this.#padding -= skipped;
    if (start + skipped < end) this.#raw.push(Buffer.from(bytes.subarray(start + skipped, end)));
  }

  entry(_name: string, size: number): void {
    this.#hash.padding(this.#size);
    const raw = Buffer.concat(this.#raw);
    this.#raw = [];
    const header = readHeader(raw);
    const isGlobal = header.type === tarType.globalHeader;
    // The size of what is no file's content says nothing.
    const plain = isHeaderOnly(header.type) ? { ...header, size: 0 } : header;
    this.#hash.header(isGlobal ? header : { ...plain, ...this.#owner });
    // Padding of a global header's data follows it as that of content does.
    this.#padding = paddingAfter(isGlobal ? raw.length : size);
    this.#size = size;
  }

  content(bytes: Buffer, start: number, end: number): void {
    this.#hash.bytes(bytes.subarray(start, end));
  }

  end(): void {
    this.#hash.padding(this.#size);
  }

  digest(): string {
    return this.#hash.digest();
  }
}
