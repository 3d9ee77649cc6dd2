// What buildah keeps of a working container: the whole configuration of the image it will be, in either format.
import { join } from 'node:path';
import { ConfigError, parseConfig, type HistoryEntry, type ImageConfig } from '../../oci/config.js';
import type { Fields } from '../../oci/json-fields.js';
import { userData } from '../containers/containers.js';
import { CommitError, type ContainerImage, type ContainerSource } from './container-image.js';
import { readRecord, understood } from './record-file.js';

/** Throws {@link CommitError}. */
export async function buildahImage({ context, container, image }: ContainerSource): Promise<ContainerImage> {
  const path = join(userData(context.store, container), 'buildah.json');
  const record = await readRecord(path);
  if (record === undefined) throw new CommitError(`${path}: no such file`);
  return understood(path, () => {
    const config = configOf(record, path);
    return {
      config: { ...config, history: [...config.history, ...emptyLayers(record, 'PrependedEmptyLayers')] },
      annotations: record.stringMap('annotations') ?? {},
      from: record.string('image') ?? image.from,
      createdBy: record.string('created-by') ?? '',
      comment: record.string('history-comment') ?? '',
      after: emptyLayers(record, 'AppendedEmptyLayers'),
    };
  });
}

/** Docker's form has everything that the OCI's has, and more. */
function configOf(record: Fields, path: string): ImageConfig {
  try {
    return parseConfig(Buffer.from(JSON.stringify(record.get('docker') ?? {})));
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new CommitError(`${path}: docker: ${cause.message}`, { cause });
  }
}

function emptyLayers(record: Fields, key: string): readonly HistoryEntry[] {
  const entries = record.list(key, (entry) => {
    const created = entry.string('created');
    return {
      ...(created !== undefined && { created }),
      createdBy: entry.string('created_by') ?? '',
      author: entry.string('author') ?? '',
      comment: entry.string('comment') ?? '',
      emptyLayer: true,
    };
  });
  return entries ?? [];
}
