// What can go wrong with an image that a caller can act on; service/errors.ts says what each becomes on the wire.
import { getSystemErrorMap } from 'node:util';

/** No image, or no single image, has this name. `reason` is the wording clients know (images-and-transports §2.2). */
export class ImageNotFoundError extends Error {
  override readonly name = 'ImageNotFoundError';
  readonly code = 'IMAGE_NOT_FOUND';
  /** The name as it was asked for. */
  readonly image: string;
  constructor(image: string, reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.image = image;
  }
}

/** No container, or no single container, has this name or id; the message is the wording clients know. */
export class ContainerNotFoundError extends Error {
  override readonly name = 'ContainerNotFoundError';
  readonly code = 'CONTAINER_NOT_FOUND';
  /** The name as it was asked for. */
  readonly container: string;
  constructor(container: string, reason: string) {
    super(reason);
    this.container = container;
  }
}

/** A copy that did not succeed; the message is the whole sentence for the caller. */
export class PullError extends Error {
  override readonly name = 'PullError';
  readonly code = 'PULL_FAILED';
}

/** What a source delivers does not fit together, or does not stay where it was put. */
export class CopyError extends Error {
  override readonly name = 'CopyError';
  readonly code = 'COPY_FAILED';
}

/** The signature policy refuses the image, or cannot be read (images-and-transports §7.1). */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly code = 'REJECTED_BY_POLICY';
}

/** The image cannot be removed as asked; the message is the wording clients match on (images-and-transports §10). */
export class RemoveRefusedError extends Error {
  override readonly name = 'RemoveRefusedError';
  readonly code = 'REMOVE_REFUSED';
}

/** The image does not have the name that it is to lose. */
export class NameUnknownError extends Error {
  override readonly name = 'NameUnknownError';
  readonly code = 'NAME_UNKNOWN';
  constructor(id: string, name: string) {
    super(`image ${id} has no name ${name}`);
  }
}

/** Nothing was said where an image has to be named. */
export class NameMissingError extends Error {
  override readonly name = 'NameMissingError';
  readonly code = 'NAME_MISSING';
  constructor() {
    super('input name is blank');
  }
}

/** A filter that images are not pruned by; the message is the wording clients know. */
export class PruneFilterError extends Error {
  override readonly name = 'PruneFilterError';
  readonly code = 'INVALID_PRUNE_FILTER';
}

/** A list filter that is not one. */
export class InvalidFilterError extends Error {
  override readonly name = 'InvalidFilterError';
  readonly code = 'INVALID_FILTER';
}

/** A search that cannot be made; `parameter` is what of it is wrong. */
export class InvalidSearchError extends Error {
  override readonly name = 'InvalidSearchError';
  readonly code = 'INVALID_SEARCH';
  readonly parameter: 'query' | 'limit';
  constructor(parameter: 'query' | 'limit', message: string) {
    super(message);
    this.parameter = parameter;
  }
}

/** A file that a caller named cannot be had, or one that it sends not be taken. */
export class FileUnavailableError extends Error {
  override readonly name = 'FileUnavailableError';
  readonly code = 'FILE_UNAVAILABLE';
}

/** The message of anything thrown, in one line. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.trim();
}

/** What lies at the bottom of an error: the innermost cause's words, or the reason it names itself. */
export function rootCause(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { reason } = error as { reason?: unknown };
  if (typeof reason === 'string' && reason !== '') return reason.trim();
  return error.cause instanceof Error ? rootCause(error.cause) : messageOf(error);
}

/** What the kernel says, without node's decoration: `no such file or directory`. */
export function systemReason(error: unknown): string {
  const { errno } = error as NodeJS.ErrnoException;
  return (errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1]) ?? messageOf(error);
}
