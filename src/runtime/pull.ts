// PullImage: which sources a name may mean, tried in order (images-and-transports §3.5).
import { decompose } from '../oci/local-name.js';
import {
  formatReference,
  InvalidReferenceError,
  parseNormalized,
  preferDigest,
  tagNameOnly,
  type Reference,
} from '../oci/reference.js';
import { parseTransportName, TransportNameError, type TransportName } from '../oci/transport-name.js';
import { digestHex } from '../oci/digest.js';
import type { Credentials } from '../registry/credentials.js';
import type { ImageSource } from './image-source.js';
import type { Registries } from './registries.js';
import type { CopyContext } from './copy-context.js';
import { copyImage } from './copy.js';
import { CopyError, ImageNotFoundError, messageOf, PullError, rootCause } from './errors.js';
import type { Operation } from './operation.js';
import { policyGate } from './policy.js';
import { findImage } from './resolve.js';
import { storeDestination } from './transports/store-destination.js';

/** One place the image may come from. */
interface Goal {
  /** As the log names it: the caller's words, or completed with a search registry. */
  readonly image: string;
  readonly reference: Reference;
}

/**
 * The id of the local image that `name` means, pulled first when there is none. `credentials` are the caller's own;
 * without them those of the auth files are used. Throws {@link PullError} with the text clients know.
 */
export async function pullImage(
  context: CopyContext,
  name: string,
  credentials: Credentials | undefined,
  operation: Operation,
): Promise<string> {
  const local = await findLocal(context, name, operation.signal);
  if (local !== undefined) return local;

  const goals = pullGoals(context, name);
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
  throw new PullError(`unable to pull ${name}: unable to pull ${name}: ${joinFailures(failures)}`);
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

function pullGoals(context: CopyContext, name: string): readonly Goal[] {
  try {
    const named = transportName(name);
    if (named?.transport === 'docker') {
      return [{ image: name, reference: tagNameOnly(parseNormalized(named.rest.replace(/^\/\//, ''))) }];
    }
    if (named !== undefined) {
      throw new PullError(`transport "${named.transport}" is not supported yet; pull from a registry`);
    }
    if (decompose(name).hasRegistry) {
      return [{ image: name, reference: tagNameOnly(parseNormalized(name)) }];
    }
    // A name that is none in any registry is said to be so, whatever registries there are.
    parseNormalized(`localhost/${name}`);
    return context.registries.pullCandidates(name).map((reference) => ({
      image: formatReference(reference),
      reference,
    }));
  } catch (error) {
    throw new PullError(`unable to pull ${name}: ${messageOf(error)}`, { cause: error });
  }
}

/** Undefined for a plain name; `foo:bar` is one too. */
function transportName(name: string): TransportName | undefined {
  try {
    return parseTransportName(name);
  } catch (error) {
    if (error instanceof TransportNameError) return undefined;
    throw error;
  }
}

async function pullGoal(
  context: CopyContext,
  goal: Goal,
  credentials: Credentials | undefined,
  operation: Operation,
): Promise<string> {
  const { registries, platform, events } = context;
  const reference = preferDigest(goal.reference);
  const storedAs = formatReference(reference);
  const gate = await policyGate(context.paths);
  await using source = await openSource(registries, reference, credentials, operation.signal);
  await using sink = storeDestination(context).image([storedAs]);
  const image = await copyImage(source, sink, { platform, gate, signatures: 'keep' }, operation);
  const id = digestHex(image.config.digest);
  await events.write({ status: 'pull', id, name: storedAs });
  return id;
}

/** The prefix is what the original's clients see in front of everything a registry says. */
async function openSource(
  registries: Registries,
  reference: Reference,
  credentials: Credentials | undefined,
  signal: AbortSignal,
): Promise<ImageSource> {
  try {
    return await registries.open(reference, credentials, signal);
  } catch (error) {
    signal.throwIfAborted();
    const source = `docker://${formatReference(reference)}`;
    throw new CopyError(`Error initializing source ${source}: ${messageOf(error)}`, { cause: error });
  }
}

function joinFailures(failures: readonly string[]): string {
  if (failures.length === 1) return `unable to pull image: ${failures[0]}`;
  const list = failures.map((reason) => `\t* ${reason}\n`).join('');
  return `${failures.length} errors occurred:\n${list}\n`;
}
