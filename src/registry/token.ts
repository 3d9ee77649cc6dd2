// Bearer tokens: asked of the realm a registry names, kept until shortly before they expire.
import type { HttpTimeouts, TlsIdentity, TokenRequest } from '../oci/blob.js';
import { RegistryError } from './errors.js';

/** A token and how long it can be used, in milliseconds. */
export interface BearerToken {
  readonly token: string;
  readonly lifetime: number;
}

/** Asks for a token. */
export async function requestToken(
  request: TokenRequest,
  _identity: TlsIdentity,
  _timeouts: HttpTimeouts,
  _signal: AbortSignal,
): Promise<BearerToken> {
  throw new RegistryError('REGISTRY_UNAUTHORIZED', 'token renewal is not there yet', {
    op: 'token',
    host: new URL(request.url).host,
  });
}
