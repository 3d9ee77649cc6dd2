// How much of everything a peer may use.

export interface Limits {
  /** Bytes of one message. */
  readonly message: number;
  /** Bytes taken from a connection before they are asked for. */
  readonly readAhead: number;
  /** How deeply the JSON of a message may nest. */
  readonly depth: number;
  /** Calls of one connection that run at once, where the protocol has them. */
  readonly calls: number;
  /** Connections in all, and of one user. */
  readonly connections: number;
  readonly connectionsPerUser: number;
  /** Milliseconds after which a message that has begun is given up, unless 64 KiB of it have come meanwhile. */
  readonly unfinished: number;
  /** Bytes that messages hold which have begun and not ended, in all and of one user; `readAhead` of each is free. */
  readonly unfinishedBytes: number;
  readonly unfinishedBytesPerUser: number;
}

export const defaultLimits: Limits = {
  message: 16 * 1024 * 1024,
  readAhead: 64 * 1024,
  depth: 256,
  calls: 64,
  connections: 4096,
  connectionsPerUser: 1024,
  unfinished: 60_000,
  unfinishedBytes: 256 * 1024 * 1024,
  unfinishedBytesPerUser: 64 * 1024 * 1024,
};

/** Bytes of one message from a service. A list of many images is long; this is a limit against a service gone mad. */
export const maxReply = 512 * 1024 * 1024;
