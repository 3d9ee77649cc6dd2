// HOST::IMAGE of `imagectl scp`: a connection, a host that ssh knows, or this one.
import { CommandError } from '../errors.js';
import type { Context } from '../context.js';
import { destinationOf } from '../connection.js';
import { readConnections } from './connection-file.js';
import { addressOf, type Destination } from './destination.js';

/** What stands on one side of a copy. */
export interface Place {
  /** Empty is this host. */
  readonly host: string;
  /** Empty where the image keeps its names. */
  readonly image: string;
}

/** `HOST::IMAGE`, `HOST::` or `IMAGE`. Throws {@link CommandError}. */
export function parsePlace(text: string): Place {
  const colons = text.indexOf('::');
  const place =
    colons < 0 ? { host: '', image: text } : { host: text.slice(0, colons), image: text.slice(colons + 2) };
  if (colons === 0 || place.image.includes('::')) throw new CommandError(`${text}: expected HOST::IMAGE`);
  return place;
}

/** How the service of a place is reached: a connection of that name comes before a host. */
export async function destinationAt({ host }: Place, context: Context): Promise<Destination> {
  if (host === '') return await destinationOf(context);
  const file = context.connectionFile;
  const named = file === undefined ? undefined : (await readConnections(file)).find(host);
  if (named === undefined) return { address: addressOf(host), tls: {} };
  const { address, identity, tls = {} } = named;
  return { address, tls, ...(identity !== undefined && { identity }) };
}
