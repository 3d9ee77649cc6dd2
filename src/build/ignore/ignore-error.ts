// Lines of ignore files that mean nothing.

/** Names the line. */
export class IgnoreError extends Error {
  override readonly name = 'IgnoreError';
  readonly code = 'IGNORE_PATTERN';
}
