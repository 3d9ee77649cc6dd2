// What blobs are written into: a tar or a directory that becomes visible when it is finished.

/** Name and size of a file in it. */
export interface ShelfFile {
  /** A path made by us, never by an archive or a registry. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

/** A place for the content of one file. */
export interface Room {
  /** The existing file that is to be written to, and from where on. */
  readonly path: string;
  readonly offset: number;
  /** It is a pipe instead, which takes the content from its start on. */
  readonly pipe?: boolean;
  /** The content is there: gives it its name. */
  readonly keep: (file: ShelfFile) => Promise<void>;
}

export interface Shelf {
  /**
   * Takes a place, in the order of the calls; it is had when the function returned is called. Without `size`, whoever takes
   * one after it may have to wait until this one is kept; without `name` it is that of a blob by its sha256.
   */
  take(file: Partial<ShelfFile>): () => Promise<Room>;
  /** A small file. */
  put(name: string, content: Uint8Array, signal: AbortSignal): Promise<void>;
  /** All there is so far. */
  mark(): Promise<number>;
  /** Forgets what came after the mark. Nobody may be writing. */
  rollBack(mark: number): Promise<void>;
}
