// PushImage and ExportImage: an image of the store to where the caller says (images-and-transports §5.10).
import { parseImageLocation, type ImageLocation } from '../../oci/image-location.js';
import { dockerManifest, ociManifest } from '../../oci/media-types.js';
import { InvalidReferenceError } from '../../oci/reference.js';
import { parseTransportName, TransportNameError } from '../../oci/transport-name.js';
import type { StoredImage } from '../../store/index.js';
import { namesAt } from './copy-between.js';
import type { CopyContext } from './copy-context.js';
import { copyOut } from './copy-out.js';
import { CopyError, messageOf } from '../errors.js';
import { requireHostAccess } from '../host-access.js';
import type { Operation } from '../operation.js';
import { signerFor } from '../policy.js';
import { additionalNames } from './save-name.js';

export interface PushRequest {
  readonly image: StoredImage;
  /** A name with a transport, or one in a registry. */
  readonly destination: string;
  /** `oci`, `v2s2` or `docker`; empty is as the image is. */
  readonly format: string;
  /** Zip what goes into a directory. */
  readonly compress: boolean;
  readonly removeSignatures: boolean;
  /** The key to sign with; empty is none. */
  readonly signBy: string;
  /** Further names in a docker-archive. */
  readonly tags: readonly string[];
}

/** Throws {@link CopyError}, FileUnavailableError unless `trusted`, and what names throw. */
export async function pushImage(
  context: CopyContext,
  { image, destination: text, format, compress, removeSignatures, signBy, tags }: PushRequest,
  trusted: boolean,
  operation: Operation,
): Promise<void> {
  const manifestType = manifestTypeOf(format);
  const further = furtherNames(tags);
  const destination = pushLocation(text);
  requireHostAccess(destination, text, trusted);
  const request = {
    image,
    destination,
    names: [
      ...new Set([...namesAt(destination), ...(destination.transport === 'docker-archive' ? further : [])]),
    ],
    manifestType,
    compress: compress && destination.transport === 'dir',
    signatures: removeSignatures ? ('remove' as const) : ('keep' as const),
    sign: signBy === '' ? undefined : signerFor(signBy, destination, context.paths),
  };
  await copyOut(context, request, operation);
}

function manifestTypeOf(format: string): string | undefined {
  switch (format) {
    case '':
      return undefined;
    case 'oci':
      return ociManifest;
    case 'v2s2':
    case 'docker':
      return dockerManifest;
    case 'v2s1':
      throw new CopyError('v2s1 is no longer supported');
    default:
      throw new CopyError(
        `unknown format ${JSON.stringify(format)}. Choose on of the supported formats: 'oci', 'v2s1', or 'v2s2'`,
      );
  }
}

/** Also those of a save. Throws {@link CopyError}. */
export function furtherNames(tags: readonly string[]): readonly string[] {
  try {
    return additionalNames(tags);
  } catch (error) {
    throw new CopyError(`error parsing additional tags: ${messageOf(error)}`, { cause: error });
  }
}

/** What has no transport, or none that fits, is a name in a registry. */
function pushLocation(text: string): ImageLocation {
  if (text === '') throw new CopyError('destination image name must be specified: invalid argument');
  try {
    return parseImageLocation(parseTransportName(text));
  } catch (error) {
    if (!(error instanceof TransportNameError || error instanceof InvalidReferenceError)) throw error;
    if (text.includes('://')) {
      const quoted = JSON.stringify(text);
      throw new CopyError(`error getting destination imageReference for ${quoted}: ${messageOf(error)}`);
    }
    return parseImageLocation({ transport: 'docker', rest: `//${text}` });
  }
}
