// Trust for single registries: certs.d/HOST[:PORT] with authorities and a client's own pair.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** PEM texts for one registry. */
export interface HostCertificates {
  readonly ca?: readonly string[];
  readonly cert?: string;
  readonly key?: string;
}

/** A certs.d directory that is incomplete or cannot be read. */
export class CertificatesError extends Error {
  override readonly name = 'CertificatesError';
  readonly code = 'CERTIFICATES';
}

/** The certs.d directories podman would look into, first one first. */
export function certificateDirectories(
  env: Readonly<Record<string, string | undefined>>,
  home: string,
): string[] {
  const userDirectory = join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'containers');
  return [join(userDirectory, 'certs.d'), '/etc/containers/certs.d', '/etc/docker/certs.d'];
}

const bundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** The file with the host's trust roots; undefined: only those that came with node. */
export function systemRootsFile(env: Readonly<Record<string, string | undefined>>): string | undefined {
  return env['SSL_CERT_FILE'] || bundles.find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
}

/**
 * What the first of `directories` that knows `domain` (the name as the user wrote it) says; empty when none does.
 * Throws {@link CertificatesError}.
 */
export function loadCertificates(directories: readonly string[], domain: string): HostCertificates {
  for (const directory of directories) {
    const path = join(directory, domain);
    const names = list(path);
    if (names !== undefined) return readCertificates(path, names);
  }
  return {};
}

function readCertificates(path: string, names: readonly string[]): HostCertificates {
  const ca = names.filter((name) => name.endsWith('.crt')).map((name) => read(join(path, name)));
  const cert = names.find((name) => name.endsWith('.cert'));
  for (const name of names.filter((name) => name.endsWith('.cert'))) {
    const key = `${name.slice(0, -'.cert'.length)}.key`;
    if (!names.includes(key)) {
      throw new CertificatesError(
        `missing key ${key} for client certificate ${name}. Note that CA certificates should use the extension .crt`,
      );
    }
  }
  for (const name of names.filter((name) => name.endsWith('.key'))) {
    const wanted = `${name.slice(0, -'.key'.length)}.cert`;
    if (!names.includes(wanted)) {
      throw new CertificatesError(`missing client certificate ${wanted} for key ${name}`);
    }
  }
  return {
    ...(ca.length > 0 && { ca }),
    ...(cert !== undefined && {
      cert: read(join(path, cert)),
      key: read(join(path, `${cert.slice(0, -'.cert'.length)}.key`)),
    }),
  };
}

function list(path: string): readonly string[] | undefined {
  try {
    return readdirSync(path).toSorted();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new CertificatesError(`cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CertificatesError(`cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}
