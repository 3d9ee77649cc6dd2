// What a service sends: a reply, or an error in its place.
import { InvalidReplyError } from './connection-errors.js';
import { FieldError } from './fields.js';
import type { Check } from './transport.js';

export interface Reply {
  /** Never absent: `{}` where the service left them out. */
  readonly parameters: unknown;
  readonly continues: boolean;
  /** There if the call has failed. */
  readonly error?: Error;
}

/** The parameters of a reply as its interface declares them. Throws its error, or {@link InvalidReplyError}. */
export function checkReply<T>(method: string, reply: Reply, check: Check<T>): T {
  if (reply.error !== undefined) throw reply.error;
  try {
    return check(reply.parameters);
  } catch (error) {
    // A type that contains itself may come nested without end.
    if (!(error instanceof FieldError || error instanceof RangeError)) throw error;
    throw new InvalidReplyError(`${method}: ${error.message}`, { cause: error });
  }
}
