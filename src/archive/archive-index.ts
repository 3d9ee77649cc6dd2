// The members of a tar that holds images: their names and places, found in one pass that keeps nothing but small documents.
import type { FileHandle } from 'node:fs/promises';
import { cleanPath } from './entry-path.js';
import { LayerLimitError, TarFormatError } from './errors.js';
import { tarType, type TarEntry } from './tar-entry.js';
import { TarReader, type TarVisitor } from './tar-reader.js';
import { MAGIC_BYTES } from './compression.js';
import { PATH_BYTES, printable } from '../sys/files.js';

/** One member. Texts are latin1, one character for each byte. */
export interface Member {
  /** Cleaned: without `./`, and nothing above the archive's root. */
  readonly name: string;
  /** A type flag as in tar-entry.ts. */
  readonly type: string;
  readonly linkName: string;
  /** Of the content, in the tar as it is when unzipped. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
  /** What was kept of the content in passing: all of a small document, or its first bytes. */
  kept: Buffer;
}

/** By their cleaned names; of several with one name the first. */
export type ArchiveIndex = ReadonlyMap<string, Member>;

/** Bounds of an archive, all inclusive. */
export interface ArchiveLimits {
  readonly members: number;
  /** Bytes of all names and link targets together. */
  readonly nameBytes: number;
  /** Bytes of one document that is kept in passing, and of all of them together. */
  readonly documentBytes: number;
  readonly documentsBytes: number;
}

export const defaultArchiveLimits: ArchiveLimits = {
  members: 100_000,
  nameBytes: 16 * 1024 ** 2,
  documentBytes: 4 * 1024 ** 2,
  documentsBytes: 32 * 1024 ** 2,
};

const WINDOW_BYTES = 64 * 1024;
/** Of one long name or pax header: many times what a path can have. */
const EXTENSION_BYTES = 64 * 1024;

/** Reads the headers of a plain tar of `size` bytes and hops over what lies between them. Throws a LayerError. */
export async function indexFile(
  file: FileHandle,
  size: number,
  limits: ArchiveLimits,
  signal: AbortSignal,
): Promise<ArchiveIndex> {
  const visitor = new IndexVisitor(limits);
  const reader = readerFor(visitor, limits);
  const window = Buffer.allocUnsafe(WINDOW_BYTES);
  for (let position = 0; position < size && !reader.complete;) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(window, 0, window.length, position);
    if (bytesRead === 0) break;
    const chunk = window.subarray(0, bytesRead);
    let at = 0;
    while (at < chunk.length && !reader.complete) {
      at = reader.push(chunk, at);
      if (!visitor.blocked) continue;
      const member = visitor.record(position + at);
      if (member.offset + member.size > size) {
        throw new TarFormatError('the archive ends in the middle of an entry', printable(member.name));
      }
      at += reader.skip();
    }
    position += at;
  }
  reader.end();
  return visitor.members;
}

/** Reads a whole tar that comes as a stream. Throws a LayerError. */
export async function indexStream(
  chunks: AsyncIterable<Buffer>,
  limits: ArchiveLimits,
  signal: AbortSignal,
): Promise<ArchiveIndex> {
  const visitor = new IndexVisitor(limits);
  const reader = readerFor(visitor, limits);
  let position = 0;
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    for (let at = 0; at < chunk.length;) {
      at = reader.push(chunk, at);
      if (visitor.blocked) visitor.record(position + at);
    }
    position += chunk.length;
    if (reader.complete) break;
  }
  reader.end();
  return visitor.members;
}

function readerFor(visitor: TarVisitor, { members }: ArchiveLimits): TarReader {
  return new TarReader(visitor, undefined, { entries: members, extensionBytes: EXTENSION_BYTES });
}

/** Stops the reader behind each header, so that whoever drives it can say where that is. */
class IndexVisitor implements TarVisitor {
  readonly members = new Map<string, Member>();
  readonly #limits: ArchiveLimits;
  #announced: TarEntry | undefined;
  #current: Member | undefined;
  #parts: Buffer[] = [];
  #kept = 0;
  #nameBytes = 0;
  #documentsBytes = 0;

  constructor(limits: ArchiveLimits) {
    this.#limits = limits;
  }

  get blocked(): boolean {
    return this.#announced !== undefined;
  }

  async settled(): Promise<void> {}

  entry(entry: TarEntry): void {
    this.#announced = entry;
  }

  /** Takes down the member whose header came last; its content begins at `offset`. */
  record(offset: number): Member {
    const entry = this.#announced as TarEntry;
    this.#announced = undefined;
    const { type, size, linkName } = entry;
    const member = { name: cleanPath(entry.name, PATH_BYTES), type, linkName, offset, size, kept: empty };
    this.#current = undefined;
    // Global headers have names, but are nobody's content.
    if (type === tarType.globalHeader || this.members.has(member.name)) return member;
    this.#nameBytes += member.name.length + linkName.length;
    if (this.#nameBytes > this.#limits.nameBytes || linkName.length > PATH_BYTES) {
      throw new LayerLimitError(`the names of the archive have more than ${this.#limits.nameBytes} bytes`);
    }
    this.members.set(member.name, member);
    this.#current = member;
    return member;
  }

  content(bytes: Buffer, start: number, end: number): void {
    const member = this.#current;
    if (member === undefined) return;
    const wanted = this.#wanted(member, bytes[start]) - this.#kept;
    if (wanted <= 0) return;
    const part = Buffer.from(bytes.subarray(start, Math.min(end, start + wanted)));
    this.#parts.push(part);
    this.#kept += part.length;
  }

  entryEnd(): void {
    if (this.#current === undefined || this.#kept === 0) return;
    this.#current.kept = Buffer.concat(this.#parts);
    this.#documentsBytes += this.#kept;
    this.#parts = [];
    this.#kept = 0;
  }

  /** All of what may be a document and is small, else as much as tells how the content is compressed. */
  #wanted({ size }: Member, first: number | undefined): number {
    const start = this.#parts[0]?.[0] ?? first;
    const { documentBytes, documentsBytes } = this.#limits;
    const document = start === OPEN_BRACE || start === OPEN_BRACKET;
    const fits = size <= documentBytes && this.#documentsBytes + size <= documentsBytes;
    return document && fits ? size : MAGIC_BYTES;
  }
}

const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const empty = Buffer.alloc(0);
