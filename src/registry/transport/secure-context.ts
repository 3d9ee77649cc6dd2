// TLS material made ready once per identity: parsing a host's trust bundle costs milliseconds.
import { readFileSync } from 'node:fs';
import type { SecureContext } from 'node:tls';
import { createSecureContext, rootCertificates } from 'node:tls';
import type { TlsIdentity } from '../../oci/blob.js';

const contexts = new Map<string, SecureContext>();
const maxContexts = 16;

/** A text that is equal for equal identities. */
export function identityKey(identity: TlsIdentity): string {
  const { insecure, rootsFile, ca, cert, key } = identity;
  return JSON.stringify([insecure, rootsFile, ca, cert, key]);
}

/** The context for connections of `identity`; TLS 1.2 at least. */
export function secureContext(identity: TlsIdentity): SecureContext {
  const cacheKey = identityKey(identity);
  let context = contexts.get(cacheKey);
  if (context === undefined) {
    context = createSecureContext({
      minVersion: 'TLSv1.2',
      ...trustRoots(identity),
      ...(identity.cert !== undefined && { cert: identity.cert }),
      ...(identity.key !== undefined && { key: identity.key }),
    });
    if (contexts.size >= maxContexts) contexts.clear();
    contexts.set(cacheKey, context);
  }
  return context;
}

/** `ca` replaces node's own roots, so these are named again when there is something to add. */
function trustRoots({ insecure, rootsFile, ca = [] }: TlsIdentity): { ca?: string[] } {
  if (insecure || (rootsFile === undefined && ca.length === 0)) return {};
  const roots = rootsFile === undefined ? rootCertificates : [readFileSync(rootsFile, 'utf8')];
  return { ca: [...roots, ...ca] };
}
