// PullImage: which sources a name may mean, tried in order (images-and-transports §3.5).
import { decompose } from '../../oci/local-name.js';
import {
  formatReference,
  InvalidReferenceError,
  parseNormalized,
  preferDigest,
  tagNameOnly,
  type Reference,
} from '../../oci/reference.js';
import { parseImageLocation, type ImageLocation } from '../../oci/image-location.js';
import { transportNameIn, type TransportName } from '../../oci/transport-name.js';
import { digestHex } from '../../oci/digest.js';
import type { Credentials } from '../../registry/credentials.js';
import type { CopyContext } from './copy-context.js';
import { copyImage } from './copy.js';
import { ImageNotFoundError, messageOf, PullError, rootCause } from '../errors.js';
import { requireHostAccess } from '../host-access.js';
import type { Operation } from '../operation.js';
import { policyGate } from '../policy.js';
import { isOnHost } from './host-images.js';
import { pullArchive } from './pull-archive.js';
import { findImage } from '../images/resolve.js';
import { examineWith } from './schema1.js';
import { openSource, TransportUnsupportedError } from '../transports.js';
import { storeDestination } from '../transports/store-destination.js';

/** A name in a registry that may be meant. */
interface Goal {
  /** As the log names it: the caller's words, or completed with a search registry. */
  readonly image: string;
  readonly reference: Reference;
}

/** Who pulls. */
export interface PullCaller {
  /** Without them those of the auth files are used. */
  readonly credentials: Credentials | undefined;
  /** Whether it may name files of the host. */
  readonly trusted: boolean;
  /** Whether an image that is there will do; `missing` if absent, which takes it. `newer` takes it when none can be pulled. */
  readonly policy?: PullPolicy;
}

export type PullPolicy = 'missing' | 'always' | 'never' | 'newer';

/**
 * The id of the image that `name` means: that of a local one, if there is any; of a docker-archive always the archive's.
 * Throws {@link PullError} with the text clients know.
 */
export async function pullImage(
  context: CopyContext,
  name: string,
  caller: PullCaller,
  operation: Operation,
): Promise<string> {
  const named = transportNameIn(name);
  if (named?.transport === 'docker-archive')
    return await loadArchive(context, name, named, caller, operation);
  const { policy = 'missing' } = caller;
  const local = await findLocal(context, name, operation.signal);
  if (local !== undefined && (policy === 'missing' || policy === 'never')) return local;
  if (policy === 'never') throw new PullError(`${name}: image not known, and it is not to be pulled`);
  try {
    if (named === undefined || named.transport === 'docker') {
      return await pullFromRegistries(context, name, named, caller, operation);
    }
    return await pullFromHost(context, name, named, caller, operation);
  } catch (error) {
    operation.signal.throwIfAborted();
    if (local !== undefined && policy === 'newer') return local;
    throw new PullError(`unable to pull ${name}: unable to pull ${name}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function loadArchive(
  context: CopyContext,
  name: string,
  named: TransportName,
  { trusted }: PullCaller,
  operation: Operation,
): Promise<string> {
  const quoted = JSON.stringify(name);
  let location: ImageLocation;
  try {
    location = parseImageLocation(named);
  } catch (error) {
    throw new PullError(`error parsing ${quoted}: ${messageOf(error)}`, { cause: error });
  }
  try {
    return await pullLocation(context, name, location, trusted, operation);
  } catch (error) {
    operation.signal.throwIfAborted();
    const reason = `unable to pull ${name}: unable to pull image: ${messageOf(error)}`;
    throw new PullError(`error pulling image from ${quoted}: ${reason}`, { cause: error });
  }
}

async function pullFromHost(
  context: CopyContext,
  name: string,
  named: TransportName,
  { trusted }: PullCaller,
  operation: Operation,
): Promise<string> {
  const location = parseImageLocation(named);
  try {
    return await pullLocation(context, name, location, trusted, operation);
  } catch (error) {
    operation.signal.throwIfAborted();
    throw new PullError(`unable to pull image: ${messageOf(error)}`, { cause: error });
  }
}

async function pullLocation(
  context: CopyContext,
  name: string,
  location: ImageLocation,
  trusted: boolean,
  operation: Operation,
): Promise<string> {
  requireHostAccess(location, name, trusted);
  if (!isOnHost(location)) {
    throw new TransportUnsupportedError(`images cannot be pulled from ${location.transport}:`);
  }
  return await pullArchive(context, location, operation);
}

async function pullFromRegistries(
  context: CopyContext,
  name: string,
  named: TransportName | undefined,
  { credentials }: PullCaller,
  operation: Operation,
): Promise<string> {
  const { goals, searched } = pullGoals(context, name, named);
  const failures: string[] = [];
  for (const goal of goals) {
    operation.log(`Trying to pull ${goal.image}...`);
    try {
      return await pullGoal(context, goal, credentials, operation);
    } catch (error) {
      operation.signal.throwIfAborted();
      operation.log(`  ${rootCause(error).split('\n', 1)[0]}`);
      failures.push(messageOf(error));
    }
  }
  throw new PullError(searched ? listed(failures) : `unable to pull image: ${failures[0]}`);
}

async function findLocal(
  context: CopyContext,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const view = await context.store.view(signal);
  try {
    return findImage(view, name, context.registries).id;
  } catch (error) {
    // Anything wrong with the name itself is said by the pull.
    if (error instanceof ImageNotFoundError || error instanceof InvalidReferenceError) return undefined;
    throw error;
  }
}

function pullGoals(
  context: CopyContext,
  name: string,
  named: TransportName | undefined,
): { readonly goals: readonly Goal[]; readonly searched: boolean } {
  if (named !== undefined || decompose(name).hasRegistry) {
    const text = named === undefined ? name : named.rest.slice(2);
    return { goals: [{ image: name, reference: tagNameOnly(parseNormalized(text)) }], searched: false };
  }
  // A name that is none in any registry is said to be so, whatever registries there are.
  parseNormalized(`localhost/${name}`);
  const candidates = context.registries.pullCandidates(name);
  const goals = candidates.map((reference) => ({ image: formatReference(reference), reference }));
  return { goals, searched: true };
}

async function pullGoal(
  context: CopyContext,
  goal: Goal,
  credentials: Credentials | undefined,
  operation: Operation,
): Promise<string> {
  const { platform, events } = context;
  operation.enter('resolve');
  const reference = preferDigest(goal.reference);
  const storedAs = formatReference(reference);
  const gate = await policyGate(context.paths);
  const location = { transport: 'docker', reference } as const;
  await using source = await openSource(context, location, { credentials }, operation.signal);
  await using sink = storeDestination(context).image([storedAs]);
  const examine = examineWith(context.pool);
  const options = { platform, gate, signatures: 'keep', examine } as const;
  const image = await copyImage(source, sink, options, operation);
  const id = digestHex(image.config.digest);
  await events.write({ status: 'pull', id, name: storedAs });
  return id;
}

function listed(failures: readonly string[]): string {
  const head = failures.length === 1 ? '1 error occurred:' : `${failures.length} errors occurred:`;
  return `${head}\n${failures.map((reason) => `\t* ${reason}\n`).join('')}\n`;
}
