// A copy from any place to any other, as the caller names them.
import type { Digest } from '../../oci/digest.js';
import { parseImageLocation, type ImageLocation } from '../../oci/image-location.js';
import { normalizedTag } from '../../oci/local-name.js';
import { dockerManifest, ociManifest } from '../../oci/media-types.js';
import { parsePlatform } from '../../oci/platform.js';
import { formatReference, parseNormalized, tagNameOnly } from '../../oci/reference.js';
import { transportNameIn } from '../../oci/transport-name.js';
import { passwordCredentials } from '../../registry/credentials.js';
import type { CopyContext } from './copy-context.js';
import { copyAll } from './copy-index.js';
import { copyImage } from './copy.js';
import { CopyError } from '../errors.js';
import { requireHostAccess } from '../host-access.js';
import type { Operation } from '../operation.js';
import { policyGate, signerFor } from '../policy.js';
import { examineWith } from './schema1.js';
import { openDestination, openSource, type RegistryCaller } from '../transports.js';

/** A user name and a password; an empty name stands for what the auth files say. */
interface LoginPair {
  readonly username: string;
  readonly password: string;
}

/** What is to be copied, and how; places are names with a transport, or names of our own images. */
export interface CopyRequest {
  readonly source: string;
  readonly destination: string;
  /** The whole of an index. */
  readonly all?: boolean | undefined;
  /** `os/architecture[/variant]` instead of this machine's. */
  readonly platform?: string | undefined;
  readonly format?: 'oci' | 'docker' | undefined;
  readonly compression?: 'gzip' | 'zstd' | undefined;
  readonly compress?: boolean | undefined;
  readonly removeSignatures?: boolean | undefined;
  readonly signBy?: string | undefined;
  readonly sourceCredentials?: LoginPair | undefined;
  readonly destinationCredentials?: LoginPair | undefined;
}

/**
 * Copies, and returns the digest of what the destination has then. Throws CopyError, PolicyError, what transports throw, and
 * {@link FileUnavailableError} when `trusted` is false and a place is a file or directory of this host.
 */
export async function copyBetween(
  context: CopyContext,
  request: CopyRequest,
  trusted: boolean,
  operation: Operation,
): Promise<Digest> {
  const { signal } = operation;
  const { format, compression } = request;
  if (compression === 'zstd' && format === 'docker') {
    throw new CopyError('options.compression: images of Docker cannot be zstd; use the format oci');
  }
  const from = locationFor('source', request.source, trusted);
  const to = locationFor('destination', request.destination, trusted);
  const gate = await policyGate(context.paths);
  await using source = await openSource(context, from, caller(request.sourceCredentials), signal);
  await using destination = await openDestination(
    context,
    to,
    caller(request.destinationCredentials),
    signal,
  );
  await using sink = destination.image(namesAt(to));
  const options = {
    platform: request.platform === undefined ? context.platform : parsePlatform(request.platform),
    gate,
    manifestType: format === undefined ? undefined : { oci: ociManifest, docker: dockerManifest }[format],
    compression,
    compress: request.compress,
    examine: examineWith(context.pool),
    signatures: request.removeSignatures === true ? ('remove' as const) : ('keep' as const),
    sign: request.signBy === undefined ? undefined : signerFor(request.signBy, to, context.paths),
  };
  const digest =
    request.all === true
      ? await copyAll(source, sink, options, operation)
      : (await copyImage(source, sink, options, operation)).manifest.digest;
  await destination.finish(signal);
  return digest;
}

function caller(pair: LoginPair | undefined): RegistryCaller {
  return pair === undefined ? {} : { credentials: passwordCredentials(pair.username, pair.password) };
}

function locationFor(field: string, text: string, trusted: boolean): ImageLocation {
  const location = locationOf(text);
  requireHostAccess(location, `${field}: ${text}`, trusted);
  return location;
}

/** The names that a copied image has at its destination. */
export function namesAt(location: ImageLocation): readonly string[] {
  switch (location.transport) {
    case 'containers-storage':
      return [formatReference(normalizedTag(location.name))];
    case 'docker-archive':
      return location.image.name === undefined
        ? []
        : [formatReference(tagNameOnly(parseNormalized(location.image.name)))];
    case 'oci':
    case 'oci-archive':
      return location.image.name === undefined ? [] : [location.image.name];
    default:
      return [];
  }
}

/** The place that `text` names; without a transport, one of our own images. Throws TransportNameError, InvalidReferenceError. */
export function locationOf(text: string): ImageLocation {
  const named = transportNameIn(text);
  return named === undefined ? { transport: 'containers-storage', name: text } : parseImageLocation(named);
}
