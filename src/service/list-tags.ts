// ListTags of io.imaged
import type { ListTagsParameters } from '../generated/io-imaged.js';
import type { CallContext } from '../rpc/index.js';
import { listTags as tagsOf, type RepositoryTags } from '../runtime/list-tags.js';
import type { Runtime } from '../runtime/runtime.js';

export async function listTags(
  runtime: Runtime,
  { name, limit, credentials }: ListTagsParameters,
  { signal }: CallContext,
): Promise<RepositoryTags> {
  return await tagsOf(runtime.registries(), { name, limit: limit ?? null, credentials }, signal);
}
