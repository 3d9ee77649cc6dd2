// The one table from errors inside to errors of the interface (style: errors at the door).
import { ErrorOccurred, ImageNotFound } from '../generated/io-podman.js';
import { VarlinkError } from '../rpc/index.js';
import { type ImageNotFoundError, messageOf } from '../runtime/errors.js';

type ToInterfaceError = (error: Error) => VarlinkError;

const table: ReadonlyMap<string, ToInterfaceError> = new Map<string, ToInterfaceError>([
  ['ImageNotFoundError', (error) => new ImageNotFound((error as ImageNotFoundError).image, error.message)],
  // The doubled wording is what clients match on.
  [
    'InvalidFilterError',
    (error) => new ErrorOccurred(`unable to get list of images ${JSON.stringify(error.message)}`),
  ],
]);

/** What a client is told of `error`: an error of the interface, never a stack. */
export function toInterfaceError(error: unknown): VarlinkError {
  if (error instanceof VarlinkError) return error;
  const convert = error instanceof Error ? table.get(error.name) : undefined;
  return convert?.(error as Error) ?? new ErrorOccurred(messageOf(error), { cause: error });
}
