// Who may have the service read and write files of its host: those who could do so without it.
import type { ImageLocation } from '../oci/image-location.js';
import type { Transport } from '../oci/transport-name.js';
import { FileUnavailableError } from './errors.js';

/** A caller, as far as that goes. One that nobody knows has the uid -1. */
export interface HostCaller {
  readonly uid: number;
  /** Where it has connected, and the role that callers there have at most. */
  readonly socket?: { readonly role?: string };
}

/**
 * Root and the service's own user, `own`; but nobody on a socket that is for less than everything: containers are given such
 * sockets, and root of a container is root to the kernel's credentials.
 */
export function mayUseHost({ uid, socket }: HostCaller, own: number): boolean {
  return (uid === 0 || uid === own) && (socket?.role ?? 'admin') === 'admin';
}

const onHost: ReadonlySet<Transport> = new Set(['dir', 'docker-archive', 'oci', 'oci-archive', 'tarball']);

/** Throws {@link FileUnavailableError} when `location`, which the caller wrote as `text`, is on the host and it is not trusted. */
export function requireHostAccess(location: ImageLocation, text: string, trusted: boolean): void {
  if (trusted || !onHost.has(location.transport)) return;
  throw new FileUnavailableError(
    `${text}: only root and the user of this service can name files of its host`,
  );
}
