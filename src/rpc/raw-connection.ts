// A connection that an upgraded call has taken over.

/** The bytes of a connection, both ways. */
export interface RawConnection {
  /**
   * The bytes the peer sends, at most `limit` of them; what is left over stays. Ends early, without an error, when
   * the peer has nothing more to send.
   */
  read(limit?: number): AsyncIterable<Buffer>;
  /** Resolves when the connection can take more. Rejects with `ConnectionClosedError` when the peer is gone. */
  write(bytes: Uint8Array): Promise<void>;
  /** Says that nothing more will be sent, in this protocol or the next. */
  end(): void;
}
