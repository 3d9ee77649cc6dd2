// What can go wrong with a build that is not the Dockerfile's text.

/** An instruction that cannot be carried out. The message names it. */
export class InstructionError extends Error {
  override readonly name = 'InstructionError';
  readonly code = 'INSTRUCTION';
}

/** A build that failed at a step. `status` is that of the command that RUN started, 0 where something else failed. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
  readonly code = 'BUILD';
  readonly status: number;
  constructor(message: string, status: number, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}
