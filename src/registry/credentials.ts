// Who we are to a registry, and where that is looked up.
import type { Reference } from '../oci/reference.js';

/** What opens a registry; never logged, never part of a message. */
export type Credentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  | { readonly kind: 'identity-token'; readonly token: string };

/** Looks up credentials for a repository at a registry; undefined: go anonymously. */
export interface CredentialSource {
  find(reference: Reference, signal: AbortSignal): Promise<Credentials | undefined>;
}

/** Credentials of a user and password; undefined for an empty user name, which stands for "none given". */
export function passwordCredentials(username: string, password: string): Credentials | undefined {
  return username === '' ? undefined : { kind: 'password', username, password };
}

/** The value of an Authorization header for user and password. */
export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
