// Which service has an interface (varlink.md §10).
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FieldError, fieldsOf, VarlinkError } from '../../src/rpc/index.js';
import { connect } from '../../src/rpc/varlink/client.js';

export interface Lookup {
  /** Directories with a socket, or a link to one, for each interface; the first that has it is taken. */
  readonly registries: readonly string[];
  /** The socket of org.varlink.resolver, which few systems have. */
  readonly resolver: string;
}

/** Names that are no path; whether they are good ones is for the services to say. */
const interfaceName = /^[A-Za-z][A-Za-z0-9.-]{0,254}$/;

/** The address of the service that has an interface; undefined if none is known. */
export async function addressOf(name: string, { registries, resolver }: Lookup): Promise<string | undefined> {
  if (!interfaceName.test(name)) return undefined;
  const path = registries.map((directory) => join(directory, name)).find((path) => existsSync(path));
  if (path !== undefined) return `unix:${path}`;
  return existsSync(resolver) ? await resolve(`unix:${resolver}`, name) : undefined;
}

async function resolve(resolver: string, name: string): Promise<string | undefined> {
  await using connection = await connect(resolver);
  try {
    return await connection.call('org.varlink.resolver.Resolve', { interface: name }, checkAddress);
  } catch (error) {
    if (error instanceof VarlinkError) return undefined;
    throw error;
  }
}

function checkAddress(reply: unknown): string {
  const { address } = fieldsOf(reply, '');
  if (typeof address !== 'string') throw new FieldError('address', 'a string', address);
  return address;
}
