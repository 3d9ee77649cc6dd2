// A peer that keeps us waiting.

/** Waited too long; the message names the phase. */
export class HttpTimeoutError extends Error {
  override readonly name = 'HttpTimeoutError';
  readonly code = 'HTTP_TIMEOUT';
  constructor(what: string, milliseconds: number) {
    super(`${what} timed out after ${milliseconds / 1000} s`);
  }
}
