// Where the bytes of a blob come from, whatever reads them.

/** To be iterated once; a piece is valid until the next is asked for. Streams are such inputs. */
export interface BlobInput extends AsyncIterable<Buffer> {
  /** Ends the reading, now or when the next piece is asked for. */
  destroy(error?: Error): unknown;
}
