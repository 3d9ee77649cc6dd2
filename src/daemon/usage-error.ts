// What is wrong with a command line.

/** The command line does not say what to do. The message is one line; the exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'USAGE';
}
