// What can go wrong with a connection itself.

/** The peer is gone, or this side has closed the connection. */
export class ConnectionClosedError extends Error {
  override readonly name = 'ConnectionClosedError';
  readonly code = 'CONNECTION_CLOSED';
  /** Whether the call that failed had been sent: the service may have run it. One that was not can be made again. */
  readonly mayHaveRun: boolean;
  constructor(message = 'the connection is closed', options: ErrorOptions & { mayHaveRun?: boolean } = {}) {
    super(message, options);
    this.mayHaveRun = options.mayHaveRun ?? false;
  }
}

/** No reply came in time. The service may have run the call. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
  readonly code = 'TIMEOUT';
  readonly mayHaveRun = true;
}

/** The peer sent something that is no message. There is no going on after it. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code = 'PROTOCOL_VIOLATION';
}

/** A reply that is not as its interface declares. The connection goes on after it. */
export class InvalidReplyError extends Error {
  override readonly name = 'InvalidReplyError';
  readonly code = 'INVALID_REPLY';
}
