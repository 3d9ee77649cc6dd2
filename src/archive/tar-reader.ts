// A tar read as it comes: chunks are pushed in, entries and slices of those same chunks come out, nothing is copied.
import { LayerLimitError, TarFormatError, UnsupportedEntryError } from './errors.js';
import type { LayerLimits } from './limits.js';
import type { PaxRecord } from './pax.js';
import { applyPaxRecords, parsePaxRecords } from './pax.js';
import type { TarEntry } from './tar-entry.js';
import { isHeaderOnly, tarType } from './tar-entry.js';
import { BLOCK_BYTES, isZeroBlock, parseHeader } from './tar-header.js';
import type { TarObserver } from './tar-observer.js';
import { printable } from '../sys/files.js';

/** What is done with the entries. Buffers that are kept have to be held in their pool. */
export interface TarVisitor {
  /** True when nothing more may come before {@link settled} has resolved. */
  readonly blocked: boolean;
  settled(): Promise<void>;
  /** `entry.size` bytes of content follow. */
  entry(entry: TarEntry): void;
  content(bytes: Buffer, start: number, end: number): void;
  /** All content of the last entry has come. */
  entryEnd(): void;
}

type State = 'header' | 'extension' | 'content' | 'padding' | 'second-zero' | 'trailer';

/** Longer header data is refused by Go's tar reader too, whatever the limits say. */
const emptyExtension = Buffer.alloc(0);

/** Reads one tar. Every method throws {@link TarFormatError} and its siblings; after that the reader is done for. */
export class TarReader {
  readonly #visitor: TarVisitor;
  readonly #observer: TarObserver | undefined;
  readonly #limits: Pick<LayerLimits, 'entries' | 'extensionBytes'>;
  readonly #block = Buffer.alloc(BLOCK_BYTES);
  #state: State = 'header';
  /** Bytes of the block in `#block`, when a chunk ended inside one. */
  #held = 0;
  /** Bytes to come of the extension, content or padding being read. */
  #remaining = 0;
  #padding = 0;
  #extension = emptyExtension;
  #extensionEntry: TarEntry | undefined;
  #paxRecords: PaxRecord[] = [];
  #longName: string | undefined;
  #longLink: string | undefined;
  #entries = 0;

  constructor(
    visitor: TarVisitor,
    observer: TarObserver | undefined,
    limits: Pick<LayerLimits, 'entries' | 'extensionBytes'>,
  ) {
    this.#visitor = visitor;
    this.#observer = observer;
    this.#limits = limits;
  }

  /**
   * Takes the next bytes, from `start` of `chunk` on, and returns up to where. If that is not the end, the visitor has to settle
   * before the rest is pushed.
   */
  push(chunk: Buffer, start = 0): number {
    let at = start;
    while (at < chunk.length) {
      at = this.#step(chunk, at);
      if (this.#visitor.blocked) break;
    }
    return at;
  }

  /** Whether the end of the archive has come: nothing behind it matters. */
  get complete(): boolean {
    return this.#state === 'trailer';
  }

  /** Leaves out the content of the entry that was announced last: as many bytes as are returned must not be pushed. */
  skip(): number {
    if (this.#state !== 'content') return 0;
    this.#state = 'header';
    this.#visitor.entryEnd();
    return this.#remaining + this.#padding;
  }

  /** The tar's bytes are over. Throws {@link TarFormatError} if it is incomplete. */
  end(): void {
    const inside = this.#state === 'content' || this.#state === 'extension' || this.#held > 0;
    if (inside || this.#hasExtensions())
      throw new TarFormatError('the archive ends in the middle of an entry');
    this.#observer?.end();
  }

  #step(chunk: Buffer, at: number): number {
    switch (this.#state) {
      case 'header':
      case 'second-zero':
        return this.#readBlock(chunk, at);
      case 'extension':
        return this.#readExtension(chunk, at);
      case 'content':
        return this.#readContent(chunk, at);
      case 'padding': {
        const end = Math.min(chunk.length, at + this.#remaining);
        this.#observer?.raw(chunk, at, end);
        this.#remaining -= end - at;
        if (this.#remaining === 0) this.#state = 'header';
        return end;
      }
      default:
        this.#observer?.raw(chunk, at, chunk.length);
        return chunk.length;
    }
  }

  #readBlock(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + BLOCK_BYTES - this.#held);
    this.#observer?.raw(chunk, at, end);
    if (end - at === BLOCK_BYTES) {
      this.#header(chunk, at);
      return end;
    }
    chunk.copy(this.#block, this.#held, at, end);
    this.#held += end - at;
    if (this.#held === BLOCK_BYTES) {
      this.#held = 0;
      this.#header(this.#block, 0);
    }
    return end;
  }

  #header(block: Buffer, at: number): void {
    // The magic is the one place where a zero block and a header surely differ early; V7 headers have a name.
    if (block[at] === 0 && isZeroBlock(block, at)) {
      if (this.#hasExtensions()) throw new TarFormatError('an extension header has no entry');
      this.#state = this.#state === 'second-zero' ? 'trailer' : 'second-zero';
      return;
    }
    if (this.#state === 'second-zero') throw new TarFormatError('a header follows the end of the archive');
    const entry = parseHeader(block, at);
    switch (entry.type) {
      case tarType.paxHeader:
      case tarType.globalHeader:
      case tarType.longName:
      case tarType.longLink:
        this.#startExtension(entry);
        break;
      default:
        this.#startEntry(entry);
    }
  }

  #hasExtensions(): boolean {
    return this.#paxRecords.length > 0 || this.#longName !== undefined || this.#longLink !== undefined;
  }

  #startExtension(entry: TarEntry): void {
    if (entry.size < 0) throw new TarFormatError('an extension header has a negative size');
    if (entry.size > this.#limits.extensionBytes) {
      throw new LayerLimitError(`an extension header has more than ${this.#limits.extensionBytes} bytes`);
    }
    this.#extensionEntry = entry;
    this.#remaining = entry.size;
    this.#padding = paddingAfter(entry.size);
    if (this.#extension.length < entry.size) this.#extension = Buffer.alloc(Math.max(entry.size, 4096));
    this.#state = 'extension';
    if (entry.size === 0) this.#endExtension(entry);
  }

  #readExtension(chunk: Buffer, at: number): number {
    const entry = this.#extensionEntry as TarEntry;
    const end = Math.min(chunk.length, at + this.#remaining);
    this.#observer?.raw(chunk, at, end);
    chunk.copy(this.#extension, entry.size - this.#remaining, at, end);
    this.#remaining -= end - at;
    if (this.#remaining === 0) this.#endExtension(entry);
    return end;
  }

  #endExtension(entry: TarEntry): void {
    const data = this.#extension.subarray(0, entry.size);
    this.#remaining = this.#padding;
    this.#state = this.#remaining === 0 ? 'header' : 'padding';
    switch (entry.type) {
      case tarType.paxHeader:
        // Values point into the buffer that was filled, which therefore is not filled again.
        this.#paxRecords = parsePaxRecords(Buffer.from(data));
        break;
      case tarType.longName:
        this.#longName = untilNul(data);
        break;
      case tarType.longLink:
        this.#longLink = untilNul(data);
        break;
      default:
        // Global headers are entries of their own and change nothing, as in Go: no other reader agrees on more.
        parsePaxRecords(data);
        this.#announce({ ...entry, size: 0 });
        this.#visitor.entryEnd();
    }
  }

  #startEntry(entry: TarEntry): void {
    applyPaxRecords(entry, this.#paxRecords);
    // GNU names win over pax, as in Go.
    if (this.#longName !== undefined) entry.name = this.#longName;
    if (this.#longLink !== undefined) entry.linkName = this.#longLink;
    this.#paxRecords = [];
    this.#longName = undefined;
    this.#longLink = undefined;
    if (entry.type === tarType.sparse) {
      throw new UnsupportedEntryError('sparse files are not supported', printable(entry.name));
    }
    if (entry.type === '\0') entry.type = entry.name.endsWith('/') ? tarType.directory : tarType.file;
    if (isHeaderOnly(entry.type)) entry.size = 0;
    if (entry.size < 0) throw new TarFormatError('the size is negative', printable(entry.name));
    if (!isOwner(entry.uid) || !isOwner(entry.gid)) {
      throw new TarFormatError('an owner is out of range', printable(entry.name));
    }
    this.#announce(entry);
    if (entry.size > 0) {
      this.#remaining = entry.size;
      this.#padding = paddingAfter(entry.size);
      this.#state = 'content';
    } else {
      this.#state = 'header';
      this.#visitor.entryEnd();
    }
  }

  #announce(entry: TarEntry): void {
    if (++this.#entries > this.#limits.entries) {
      throw new LayerLimitError(`the tar has more than ${this.#limits.entries} entries`);
    }
    this.#observer?.entry(entry.name, entry.size);
    this.#visitor.entry(entry);
  }

  #readContent(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#remaining);
    this.#visitor.content(chunk, at, end);
    this.#observer?.content(chunk, at, end);
    this.#remaining -= end - at;
    if (this.#remaining === 0) {
      this.#remaining = this.#padding;
      this.#state = this.#remaining === 0 ? 'header' : 'padding';
      this.#visitor.entryEnd();
    }
    return end;
  }
}

function paddingAfter(size: number): number {
  return (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
}

// The kernel's ids have 32 bits, of which all ones mean "no change".
function isOwner(id: number): boolean {
  return id >= 0 && id < 0xffffffff;
}

function untilNul(data: Buffer): string {
  const end = data.indexOf(0);
  return data.toString('latin1', 0, end < 0 ? data.length : end);
}
