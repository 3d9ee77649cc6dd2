// A new token in place of one that has expired, for who has nothing but the request for it.
import type { TokenRequest } from '../oci/blob.js';
import type { ControlOptions } from './control.js';

type Headers = Readonly<Record<string, string>>;

/** `headers` with another authorization. Throws RegistryError. */
export async function withNewToken(
  headers: Headers,
  renewal: TokenRequest,
  options: ControlOptions,
  signal: AbortSignal,
): Promise<Headers> {
  // Rare, and it brings along another HTTP client: a worker that starts should not wait for that.
  const { requestToken } = await import('./token.js');
  const { token } = await requestToken(renewal, options, signal);
  return { ...headers, authorization: `Bearer ${token}` };
}
