// A peer that keeps us waiting.

/** Waited too long; the message names the phase. */
export class HttpTimeoutError extends Error {
  override readonly name = 'HttpTimeoutError';
  readonly code = 'HTTP_TIMEOUT';
  constructor(what: string, milliseconds: number) {
    super(`${what} timed out after ${milliseconds / 1000} s`);
  }
}

/** Something comes, but at a rate at which it would never end. */
export class TooSlowError extends Error {
  override readonly name = 'TooSlowError';
  readonly code = 'TOO_SLOW';
  constructor(bytes: number, milliseconds: number) {
    super(`no more than ${bytes} bytes came in ${Math.round(milliseconds / 100) / 10} s`);
  }
}
