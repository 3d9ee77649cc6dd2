// Which service a run of imagectl speaks to: by an address, by the name of a connection, or the usual one.
import type { TlsClientFiles } from '../../src/rpc/tls-link.js';
import { readConnections, type NamedConnection } from './connection-file.js';

/** How a service is reached. */
export interface Destination {
  readonly address: string;
  readonly tls: TlsClientFiles;
  /** The key of ssh. */
  readonly identity?: string;
}

/** What a process knows of it without its command line. */
export interface SurroundingChoice {
  /** `IMAGED_ADDRESS`. */
  readonly ownAddress?: string | undefined;
  /** `IMAGED_CONNECTION`. */
  readonly ownConnection?: string | undefined;
  /** Where the service of this host is. */
  readonly usual: string;
  /** The file of connections. */
  readonly file: string | undefined;
}

/** The options of imagectl. */
export interface RemoteFlags {
  readonly url?: string;
  readonly connection?: string;
  readonly identity?: string;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

/** Both: `--url`, then `--connection`, then the variables, then the default. */
export type Choice = SurroundingChoice & RemoteFlags;

/** Throws CommandError for a connection that is not there. */
export async function chooseDestination(choice: Choice): Promise<Destination> {
  const { url, connection, ownAddress, ownConnection, usual, file } = choice;
  if (url !== undefined) return completed({ address: url }, choice);
  if (connection === undefined && ownAddress) return completed({ address: ownAddress }, choice);
  const name = connection ?? ownConnection;
  const isSaid = name !== undefined && name !== '';
  if (file === undefined && !isSaid) return completed({ address: usual }, choice);
  const connections = await readConnections(file ?? '');
  if (isSaid) return completed(connections.get(name), choice);
  const { default: standard } = connections;
  return completed(standard === undefined ? { address: usual } : connections.get(standard), choice);
}

function completed(found: NamedConnection, choice: Choice): Destination {
  const identity = choice.identity ?? found.identity;
  return {
    address: found.address,
    tls: {
      ...found.tls,
      ...(choice.tlsCa !== undefined && { ca: choice.tlsCa }),
      ...(choice.tlsCert !== undefined && { cert: choice.tlsCert }),
      ...(choice.tlsKey !== undefined && { key: choice.tlsKey }),
    },
    ...(identity !== undefined && { identity }),
  };
}

/** The address of what somebody has written for a host: a URL, an address, or a host that ssh knows. */
export function addressOf(text: string): string {
  return /^(?:jsonrpc\+)?(?:unix|tcp|tls|ssh|ssh-exec|exec|bridge):/.test(text) ? text : `ssh://${text}`;
}
