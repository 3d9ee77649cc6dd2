// What can go wrong with a RUN before its command is run.

/** Something that was asked for and cannot be had: a limit, a device, a capability, a place to mount at. */
export class RunRequestError extends Error {
  override readonly name = 'RunRequestError';
  readonly code = 'BAD_RUN_REQUEST';
}

/** Nothing on this machine starts containers. */
export class NoRuntimeError extends Error {
  override readonly name = 'NoRuntimeError';
  readonly code = 'NO_RUNTIME';
}
