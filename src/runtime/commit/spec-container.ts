// What the specification tells that a container is run by (config.json, OCI): where its engine keeps nothing better, as with CRI-O.
import { join } from 'node:path';
import type { ContainerConfig } from '../../oci/config.js';
import type { Fields } from '../../oci/json-fields.js';
import { userData } from '../containers/containers.js';
import { cleanEnvironment } from './clean-environment.js';
import { withSettings, type ContainerImage, type ContainerSource } from './container-image.js';
import { readRecord, understood } from './record-file.js';

/**
 * The image with what its container is run by; as it is where there is no specification. Labels and annotations of such containers
 * are those of a cluster, which no other container should have. Throws CommitError.
 */
export async function specifiedImage({
  context,
  container,
  image,
}: ContainerSource): Promise<ContainerImage> {
  const path = join(userData(context.store, container), 'config.json');
  const process = await readRecord(path).then((record) => understood(path, () => record?.object('process')));
  if (process === undefined) return image;
  return withSettings(
    image,
    understood(path, () => settingsOf(process, image.config.config)),
  );
}

function settingsOf(process: Fields, below: ContainerConfig): Partial<ContainerConfig> {
  const cwd = process.string('cwd') ?? '';
  const variables = process.strings('env') ?? [];
  return {
    user: userOf(process, below.user),
    env: cleanEnvironment({ variables, image: below.env }),
    ...commandOf(process.strings('args') ?? [], below),
    workingDir: cwd === '/' ? below.workingDir : cwd,
  };
}

/** What is run is the entry point and the command in one: they are told apart where the image's entry point is still there. */
function commandOf(args: readonly string[], below: ContainerConfig): Partial<ContainerConfig> {
  const { entrypoint } = below;
  if (args.length === 0) return {};
  if (entrypoint.every((word, index) => word === args[index]))
    return { entrypoint, cmd: args.slice(entrypoint.length) };
  return { entrypoint: [], cmd: args };
}

/** A specification has numbers only: a name that the image has stands for them. */
function userOf(process: Fields, below: string): string {
  const user = process.object('user');
  const uid = user?.integer('uid') ?? 0;
  const gid = user?.integer('gid') ?? 0;
  const [name = '', group = ''] = below.split(':');
  if (below !== '' && !/^\d+$/.test(name)) return below;
  const isSame = uid === Number(name) && (group === '' ? name !== '' || gid === 0 : gid === Number(group));
  return isSame ? below : `${uid}:${gid}`;
}
