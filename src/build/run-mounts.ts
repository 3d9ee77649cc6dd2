// `RUN --mount`: where what is mounted comes from.
import { InstructionError } from './errors.js';
import type { CopySource } from './copy/copy-request.js';
import { parseMountFlag, type MountFlag } from './run/parse-mount.js';
import type { RunMount } from './run/run-request.js';
import { findSource, type SourceLookup } from './stage-source.js';

export interface FoundMounts {
  readonly mounts: readonly RunMount[];
  /** `:DIGEST` for each source that is a part of what the step is. */
  readonly digests: string;
}

type SecretFlag = Extract<MountFlag, { readonly type: 'secret' }>;
type SshFlag = Extract<MountFlag, { readonly type: 'ssh' }>;
type DigestOf = (source: CopySource, path: string) => Promise<string>;

/** Where the socket of an agent is when nobody says where. */
const agentTarget = '/run/ssh-agent';

/** `texts`: the values of the flags, substituted. Throws {@link InstructionError} and what parsing them throws. */
export async function mountsOf(
  lookup: SourceLookup,
  texts: readonly string[],
  digestOf: DigestOf,
): Promise<FoundMounts> {
  const mounts: RunMount[] = [];
  let digests = '';
  for (const text of texts) {
    const mount = await mountOf(lookup, parseMountFlag(text), digestOf);
    if (mount === undefined) continue;
    mounts.push(mount);
    if (mount.type === 'bind') digests += `:${await digestOf(mount.source, mount.path)}`;
  }
  return { mounts, digests };
}

async function mountOf(
  lookup: SourceLookup,
  flag: MountFlag,
  digestOf: DigestOf,
): Promise<RunMount | undefined> {
  switch (flag.type) {
    case 'bind': {
      const { from, source: path, target, writable } = flag;
      return { type: 'bind', source: await findSource(lookup, from), path, target, writable };
    }
    case 'cache': {
      const { id, from, source: path, ...rest } = flag;
      if (from === undefined) return { ...rest, directory: await lookup.store.cacheDirectory(id) };
      // What it begins with is a part of what it is: another content is another cache.
      const seed = { source: await findSource(lookup, from), path };
      const seeded = `${id} ${await digestOf(seed.source, path)}`;
      return { ...rest, directory: await lookup.store.cacheDirectory(seeded), seed };
    }
    case 'tmpfs':
      return flag;
    case 'secret':
      return secretMount(lookup, flag);
    default:
      return agentMount(lookup, flag);
  }
}

function secretMount(
  { request }: SourceLookup,
  { id, required, variable, ...mount }: SecretFlag,
): RunMount | undefined {
  const secret = request.secrets.find((each) => each.id === id);
  if (secret === undefined) {
    if (required) throw new InstructionError(`secret ${id} is required by a mount, and was not given`);
    return undefined;
  }
  return { ...mount, file: secret.file, ...(variable !== undefined && { variable }) };
}

function agentMount({ request }: SourceLookup, { id, required, ...mount }: SshFlag): RunMount | undefined {
  const socket = request.agents.get(id);
  if (socket !== undefined) return { ...mount, target: mount.target ?? agentTarget, socket };
  if (required) throw new InstructionError(`ssh agent ${id} is required by a mount, and was not given`);
  return undefined;
}
