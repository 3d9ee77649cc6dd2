// BuildImage: an image made from a Dockerfile (build.md).
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from '../../build/build.js';
import type { BuildRequest } from '../../build/build-request.js';
import type { Workplaces } from '../../build/workplace.js';
import type { Store } from '../../store/index.js';
import { TempDir, type TempRoot } from '../../sys/temp-dir.js';
import type { BuildCache } from './build-cache.js';
import { BuildImages } from './build-images.js';
import type { CopyContext } from '../copy/copy-context.js';
import { storedName } from '../images/names.js';
import type { Operation } from '../operation.js';

export { BuildError } from '../../build/errors.js';

/** What every build of one daemon works with. */
export interface BuildContext extends CopyContext {
  readonly cache: BuildCache;
  readonly workplaces: Workplaces;
  readonly version: string;
}

/** The id of the image. Throws DockerfileError, BuildError and InvalidReferenceError. */
export async function buildImage(
  context: BuildContext,
  request: BuildRequest,
  operation: Operation,
): Promise<string> {
  const directory = await TempDir.create(buildRoot(context.store));
  try {
    return await buildIn(directory, context, request, operation);
  } finally {
    await directory.remove();
  }
}

/** Where builds keep what goes with them: on the disk of the store. */
export function buildRoot({ options }: Store): TempRoot {
  return { path: join(options.graphRoot, 'imaged', 'builds'), fleeting: true };
}

async function buildIn(
  directory: TempDir,
  context: BuildContext,
  request: BuildRequest,
  operation: Operation,
): Promise<string> {
  const names = request.names.map(storedName);
  const { cache, workplaces, platform, version, events } = context;
  const store = new BuildImages({ context, cache, request, operation, directory });

  const parts = { store, workplaces, platform, version, names };
  const { id } = await build(request, parts, operation, operation.signal);
  if (request.iidfile !== '') await writeFile(request.iidfile, `sha256:${id}`);
  await events.write({ status: 'build', id, name: names[0] ?? '' });
  return id;
}
