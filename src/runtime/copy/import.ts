// ImportImage: a tar of a file system becomes an image of one layer (images-and-transports §4.8).
import { digestHex } from '../../oci/digest.js';
import { parseChanges } from './changes.js';
import type { CopyContext } from './copy-context.js';
import { copyImage } from './copy.js';
import { storedName } from '../images/names.js';
import type { Operation } from '../operation.js';
import { policyGate } from '../policy.js';
import { storeDestination } from '../transports/store-destination.js';
import { openTarballSource, type NamedFile } from '../transports/tarball-source.js';

export interface ImportRequest {
  /** Empty: the image has no name. */
  readonly reference: string;
  /** Of its history. */
  readonly message: string;
  readonly changes: readonly string[];
}

/** The id of the new image. Throws InvalidChangeError, InvalidReferenceError, FileUnavailableError and what copies throw. */
export async function importImage(
  context: CopyContext,
  file: NamedFile,
  request: ImportRequest,
  operation: Operation,
): Promise<string> {
  const { reference, message: comment } = request;
  const { platform } = context;
  const changes = parseChanges(request.changes);
  const names = reference === '' ? [] : [storedName(reference)];
  const gate = await policyGate(context.paths);
  const image = { changes, comment, platform };
  await using source = await openTarballSource(context.pool, file, image, operation.signal);
  await using sink = storeDestination(context).image(names);
  const { config } = await copyImage(source, sink, { platform, gate, signatures: 'remove' }, operation);
  const id = digestHex(config.digest);
  await context.events.write({ status: 'import', id, name: names[0] ?? '' });
  return id;
}
