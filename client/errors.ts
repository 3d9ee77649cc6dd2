// How a command ends that does not succeed: what it says and the exit code it leaves.
import { ErrorOccurred, ImageNotFound } from '../src/generated/io-podman.js';
import { VarlinkError } from '../src/rpc/index.js';

/** podman's exit code for everything that has no code of its own. */
export const failed = 125;

/** Ends the command. An empty message says nothing more. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code = 'COMMAND_FAILED';
  readonly exitCode: number;
  constructor(message: string, exitCode = failed, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** Did the service answer with an error? Then the connection is still good. */
export function isRemoteError(error: unknown): boolean {
  return error instanceof VarlinkError;
}

export function isImageNotFound(error: unknown): boolean {
  return error instanceof ImageNotFound;
}

/** Is it the answer to removing an image that containers or other images need? Only its text tells. */
export function isImageInUse(error: unknown): boolean {
  return (
    error instanceof ErrorOccurred &&
    /being used by \d+ container|image used by |in use by a container|has dependent child images/.test(
      error.message,
    )
  );
}

/** What to print behind `Error: `. */
export function describeError(error: unknown): string {
  // The interface has the words of podman's first years; these are those of today.
  if (error instanceof ImageNotFound && error.message.endsWith('no such image'))
    return `${error.parameters.id}: image not known`;
  return error instanceof Error ? error.message : String(error);
}
