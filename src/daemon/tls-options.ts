// The options for callers on other hosts: certificates, and the permission to do without.
import { parseAddress } from '../rpc/address.js';
import type { TlsFiles } from '../rpc/tls-acceptor.js';
import { UsageError } from './usage-error.js';

/** What `parseArgs` found; absent is the default. */
export interface TlsFlags {
  readonly 'tls-cert'?: string | undefined;
  readonly 'tls-key'?: string | undefined;
  readonly 'tls-client-ca'?: string | undefined;
  readonly 'allow-plain-tcp'?: boolean | undefined;
}

export const tlsFlags = {
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'tls-client-ca': { type: 'string' },
  'allow-plain-tcp': { type: 'boolean' },
} as const;

export const tlsUsage = `  --tls-cert FILE          the certificate that callers at tls: addresses are shown, with those between it and its authority
  --tls-key FILE           its key; both, and the next, in PEM, and read again when they have changed
  --tls-client-ca FILE     the authorities whose clients may call at tls: addresses; there is no TLS without
  --allow-plain-tcp        allow tcp: addresses, which everybody on this host can reach and nobody is known at
`;

/** The files for `tls:` addresses, if there are such. Throws {@link UsageError} for what is missing or not allowed. */
export function readTls(flags: TlsFlags, addresses: readonly string[]): TlsFiles | undefined {
  const kinds = addresses.map((text) => ({ text, kind: parseAddress(text).kind }));
  const plain = kinds.find(({ kind }) => kind === 'tcp');
  if (plain !== undefined && flags['allow-plain-tcp'] !== true) {
    throw new UsageError(
      `address ${plain.text}: everybody on this host can call there: use unix: or tls:, or --allow-plain-tcp`,
    );
  }
  const { 'tls-cert': cert, 'tls-key': key, 'tls-client-ca': clientCa } = flags;
  if (cert !== undefined && key !== undefined && clientCa !== undefined) return { cert, key, clientCa };
  const secure = kinds.find(({ kind }) => kind === 'tls');
  if (secure === undefined && (cert ?? key ?? clientCa) === undefined) return undefined;
  throw new UsageError(
    `${secure === undefined ? 'TLS' : `address ${secure.text}`}: --tls-cert, --tls-key and --tls-client-ca go together`,
  );
}
