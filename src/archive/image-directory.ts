// The names of files in a `dir:` directory (images-and-transports §4.5).
import { digestHex, type Digest } from '../oci/digest.js';

/** What tells such a directory from one with important data. */
export const versionText = 'Directory Transport Version: 1.1\n';
export const versionFile = 'version';

export function blobFile(digest: Digest): string {
  return digestHex(digest);
}

/** Of the manifest the directory is for, or of an image of its index. */
export function manifestFile(instance: Digest | undefined): string {
  return instance === undefined ? 'manifest.json' : `${digestHex(instance)}.manifest.json`;
}

/** From 1. */
export function signatureFile(instance: Digest | undefined, number: number): string {
  return instance === undefined ? `signature-${number}` : `${digestHex(instance)}.signature-${number}`;
}
