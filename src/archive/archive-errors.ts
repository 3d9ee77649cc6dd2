// What can be wrong with an archive, a layout or a directory of images, read or written.

/** It is not what it is said to be, or contradicts itself. */
export class ArchiveError extends Error {
  override readonly name: string = 'ArchiveError';
  readonly code: string = 'INVALID_ARCHIVE';
}

/** A file that has to be in it is not. */
export class MissingMemberError extends ArchiveError {
  override readonly name = 'MissingMemberError';
  override readonly code = 'MISSING_MEMBER';
  /** The file's path in it. */
  readonly member: string;
  constructor(member: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.member = member;
  }
}

/** Nothing may be written there. */
export class DestinationError extends Error {
  override readonly name = 'DestinationError';
  readonly code = 'DESTINATION_REFUSED';
}

/** A text of an archive for a message: in one line, and cut where nobody reads on. */
export function shown(text: string): string {
  const short = text.length <= 200 ? text : `${text.slice(0, 200)}…`;
  // oxlint-disable-next-line no-control-regex -- they would end the line, or write into a terminal
  return /[\u0000-\u001f\u007f-\u009f]/.test(short) ? JSON.stringify(short) : short;
}
