// ContainerRunlabel: a command in a label of an image, shown, or run with the rights of this service (io-podman-api §5 number 24).
import { messageOf, ImageNotFoundError } from '../errors.js';
import type { Copies, Caller } from '../copy/copies.js';
import type { Environment } from '../configuration-paths.js';
import { engineEnvironment, storeOptions } from '../containers/engine-program.js';
import { mayUseHost } from '../host-access.js';
import { readConfig } from '../images/image-facts.js';
import { findImage, type ShortNames } from '../images/resolve.js';
import { runInGroup } from '../../sys/run-in-group.js';
import type { Store, StoredImage } from '../../store/index.js';
import { runlabelCommand, type RunlabelCommand } from './runlabel-command.js';
import { quoteWords } from './shell-words.js';

export interface RunlabelRequest {
  readonly image: string;
  /** Credentials for the pull, a file of this host; empty for the usual ones. */
  readonly authfile: string;
  /** Only say what the command is. */
  readonly display: boolean;
  readonly name: string;
  /** Pull the image if it is not there. */
  readonly pull: boolean;
  readonly label: string;
  readonly extraArgs: readonly string[];
  readonly opts: Readonly<Record<string, string>>;
}

export interface RunlabelContext {
  readonly store: Store;
  readonly shortNames: ShortNames;
  readonly copies: Copies;
  /** Of the programs that are run. */
  readonly environment: Environment;
  /** The service's own user. */
  readonly uid: number;
  /** Was the service started with the option that lets commands run at all? */
  readonly allowed: boolean;
  /** The log of the service: the command, and what it prints. */
  readonly say: (line: string) => void;
}

/** The label is not there, its text is no command, it may not be run, or it failed. */
export class RunlabelError extends Error {
  override readonly name = 'RunlabelError';
  readonly code = 'RUNLABEL';
}

/**
 * Resolves when the command has ended, or has been said. Throws ImageNotFoundError and {@link RunlabelError}, which for a caller that may
 * not run the command says what it is.
 */
export async function runLabel(
  context: RunlabelContext,
  request: RunlabelRequest,
  caller: Caller,
): Promise<void> {
  const trusted = mayUseHost(caller.peer, context.uid);
  if (request.authfile !== '' && !trusted)
    throw new RunlabelError(
      `${request.authfile}: only root and the user of this service can name files of its host`,
    );
  const image = await imageFor(context, request, caller);
  const command = await commandFor(context, request, image);
  const text = quoteWords(command.words);
  context.say(`label ${request.label} of image ${image.id}: command: ${text}`);
  if (request.display) return;
  if (!context.allowed)
    throw new RunlabelError(`command: ${text}: not run: imaged was started without --allow-runlabel`);
  if (!trusted)
    throw new RunlabelError(`command: ${text}: not run: only root and the user of this service may`);
  await run(context, command, caller.signal);
}

async function imageFor(
  { store, shortNames, copies }: RunlabelContext,
  { image, pull, authfile }: RunlabelRequest,
  caller: Caller,
): Promise<StoredImage> {
  const pulled = pull ? await pullImage(copies, image, authfile, caller) : undefined;
  const view = await store.view(caller.signal);
  try {
    return (pulled !== undefined && view.imageById(pulled)) || findImage(view, image, shortNames);
  } catch (error) {
    throw new ImageNotFoundError(image, `unable to find image: ${messageOf(error)}`);
  }
}

/** The id of the image, which is pulled if it is not there. */
async function pullImage(copies: Copies, image: string, authfile: string, caller: Caller): Promise<string> {
  try {
    return await copies.pull(image, { username: '', password: '' }, caller, authfile).result;
  } catch (error) {
    caller.signal.throwIfAborted();
    throw new RunlabelError(`unable to find image: ${messageOf(error)}`, { cause: error });
  }
}

async function commandFor(
  { store }: RunlabelContext,
  request: RunlabelRequest,
  image: StoredImage,
): Promise<RunlabelCommand> {
  const config = await readConfig(store, image);
  const label = labelOf(config?.config.labels ?? {}, request.label);
  if (label === '') throw new RunlabelError(`${request.image} does not contain the label ${request.label}`);
  const { name, extraArgs, opts: options } = request;
  const source = { label, image: image.names[0] ?? image.id, name, extraArgs, options };
  let command: RunlabelCommand;
  try {
    command = runlabelCommand({ ...source, directory: process.cwd() });
  } catch (error) {
    throw new RunlabelError(`unable to generate command: ${messageOf(error)}`, { cause: error });
  }
  if (command.words[0] !== '') return command;
  throw new RunlabelError(`unable to generate command: the label ${request.label} names no program`);
}

/** Empty when there is none. The very name comes before one in other letters. */
function labelOf(labels: Readonly<Record<string, string>>, name: string): string {
  if (Object.hasOwn(labels, name)) return labels[name] ?? '';
  const wanted = name.toLowerCase();
  const [, value = ''] = Object.entries(labels).find(([key]) => key.toLowerCase() === wanted) ?? [];
  return value;
}

async function run(
  { store, environment, say }: RunlabelContext,
  { words, environment: own }: RunlabelCommand,
  signal: AbortSignal,
): Promise<void> {
  const [program = '', ...rest] = words;
  // The image is in this store, which need not be podman's own.
  const args = program === 'podman' ? [...storeOptions(store.options), ...rest] : rest;
  const env = { ...engineEnvironment(environment), ...own };
  const line = (text: string): void => say(`${program}: ${text}`);
  const failure = await runInGroup(program, args, { env, line }, signal);
  // With a blank behind the program also where nothing follows: the original's words.
  if (failure !== undefined)
    throw new RunlabelError(`\`${quoteWords([program])} ${quoteWords(rest)}\` failed: ${failure}`);
}
