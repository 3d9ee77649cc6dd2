// The one table from errors inside to errors of the interface; what is not in it becomes ErrorOccurred.
import { ContainerNotFound, ErrorOccurred, ImageNotFound } from '../generated/io-podman.js';
import { CommandFailed, ContextNotHere, OperationFailed } from '../generated/io-imaged.js';
import { InvalidParameter, type VarlinkError } from '../rpc/index.js';
import { BuildError } from '../runtime/builds/build-image.js';
import { ContextNotHereError } from '../runtime/builds/build-place.js';
import {
  ContainerNotFoundError,
  ImageNotFoundError,
  InvalidFilterError,
  InvalidSearchError,
  messageOf,
} from '../runtime/errors.js';

/** What a client of io.podman is told of `error`: the message, never a stack. */
export function toInterfaceError(error: unknown): VarlinkError {
  if (error instanceof ImageNotFoundError) return new ImageNotFound(error.image, error.message);
  if (error instanceof ContainerNotFoundError) return new ContainerNotFound(error.container, error.message);
  if (error instanceof InvalidFilterError) {
    // The quoted text inside the sentence is what clients match on.
    return new ErrorOccurred(`unable to get list of images ${JSON.stringify(error.message)}`);
  }
  if (error instanceof InvalidSearchError && error.parameter === 'limit')
    return new InvalidParameter('limit', { cause: error });
  return new ErrorOccurred(messageOf(error), { cause: error });
}

/** The same for a client of io.imaged. */
export function toOperationFailed(error: unknown): VarlinkError {
  if (error instanceof ContextNotHereError)
    return new ContextNotHere(error.path, error.message, { cause: error });
  if (error instanceof InvalidSearchError && error.parameter === 'limit')
    return new InvalidParameter('limit', { cause: error });
  const status = error instanceof BuildError ? error.status : 0;
  if (status !== 0) return new CommandFailed(status, messageOf(error), { cause: error });
  return new OperationFailed(messageOf(error), { cause: error });
}
