// Who wants to see the bytes of a tar while it is unpacked, such as the writer of its recipe.

/**
 * Gets every byte of a tar exactly once and in order, through `raw` or `content`. The bytes `start` … `end` of a buffer
 * are valid during the call only. For each entry: `raw` for padding and headers, `entry`, `content`; then `end` once.
 */
export interface TarObserver {
  /** Bytes that are no file's content: headers, extension headers with their data, padding, the end of the archive. */
  raw(bytes: Buffer, start: number, end: number): void;
  /** The entry whose header came last. `name` is latin1, as in the tar; `size` bytes of content follow. */
  entry(name: string, size: number): void;
  content(bytes: Buffer, start: number, end: number): void;
  /** The tar is complete. */
  end(): void;
  /** Something to wait for before more bytes come, when the observer cannot keep up. */
  ready?(): Promise<void> | undefined;
}
