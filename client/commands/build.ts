// imagectl build: an image of a Dockerfile.
import { open, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { CommandFailed, type Dockerfile } from '../../src/generated/io-imaged.js';
import { atMostOne } from '../arguments.js';
import { agentsOf, secretsOf } from '../build/credentials.js';
import { readDockerfiles, textOf } from '../build/dockerfiles.js';
import { defineBuildFlags, type BuildFlags } from '../build/flags.js';
import { openPlace, type ClientContext } from '../build/place.js';
import { requestBuild, type BuildCall } from '../build/request.js';
import { settingsOf } from '../build/settings.js';
import type { Context } from '../context.js';
import { CommandError } from '../errors.js';
import { printableLines } from '../output/printable.js';
import { payloadFromInput, systemText } from '../payload.js';

export function defineBuild(command: Command, context: Context): void {
  defineBuildFlags(
    command
      .description('Build an image using instructions from Containerfiles')
      .usage('[options] [CONTEXT]')
      .argument('[context...]'),
  ).action((words: string[], flags: BuildFlags) => build(context, words, flags));
}

async function build(context: Context, words: readonly string[], flags: BuildFlags): Promise<void> {
  const place = await openPlace(context, atMostOne(words), flags.file);
  await using log = await Log.open(context, flags);
  const call = await callOf(context, place, flags);
  const id = await requestBuild(context, call, (line) => log.write(line)).catch(ended);
  if (flags.quiet === true) context.stdout.write(`${id}\n`);
  if (flags.iidfile !== undefined)
    await writeFile(flags.iidfile, `sha256:${id}`).catch(failed(flags.iidfile));
}

/** The command ends with the status of the RUN that failed, as podman does. */
function ended(error: unknown): never {
  if (!(error instanceof CommandFailed)) throw error;
  throw new CommandError(error.message, error.parameters.status, { cause: error });
}

async function callOf(context: Context, place: ClientContext, flags: BuildFlags): Promise<BuildCall> {
  const { environment } = context;
  const settings = {
    ...settingsOf(flags, environment),
    secrets: await secretsOf(flags.secret, environment),
    agents: agentsOf(flags.ssh, environment),
  };
  const contexts = await namedContexts(context, flags.buildContext);
  if (place.kind === 'archive') {
    const dockerfiles = await Promise.all(flags.file.map((path) => partOf(context, path)));
    return { place, ignore: [], contexts, settings: { ...settings, dockerfiles } };
  }
  if (place.kind === 'dockerfile') {
    return {
      place: { kind: 'none' },
      ignore: [],
      contexts,
      settings: { ...settings, dockerfiles: [{ text: place.text }] },
    };
  }
  const directory = place.kind === 'directory' ? place.path : undefined;
  const { texts, ignore } = await readDockerfiles(context, flags, directory);
  const dockerfiles = texts.map((text) => ({ text }));
  return { place, ignore, contexts, settings: { ...settings, dockerfiles, ignore } };
}

/** Of a context that is an archive: it is in there, if it is not standard input. */
async function partOf(context: Context, path: string): Promise<Dockerfile> {
  if (path !== '-') return { path };
  return { text: await textOf(await payloadFromInput(context, 'a redirection'), 'standard input') };
}

/** Of `NAME=PLACE`. */
async function namedContexts(context: Context, texts: readonly string[]): Promise<BuildCall['contexts']> {
  const contexts: { readonly name: string; readonly place: ClientContext }[] = [];
  for (const text of texts) {
    const equals = text.indexOf('=');
    const value = text.slice(equals + 1);
    if (equals <= 0 || value === '') throw new CommandError(`--build-context ${text}: expected NAME=PLACE`);
    if (/^(?:docker-image|container-image|docker):\/\//.test(value)) {
      throw new CommandError(`--build-context ${text}: an image is named by FROM and --from themselves`);
    }
    const place = await openPlace(context, value, []);
    if (place.kind === 'dockerfile')
      throw new CommandError(`--build-context ${text}: neither a directory nor a tar`);
    contexts.push({ name: text.slice(0, equals), place });
  }
  return contexts;
}

/** Where the lines of the build go. */
class Log implements AsyncDisposable {
  readonly #write: (line: string) => unknown;
  readonly #close: () => Promise<void>;

  private constructor(write: (line: string) => unknown, close: () => Promise<void>) {
    this.#write = write;
    this.#close = close;
  }

  static async open({ stdout }: Context, { logfile, quiet }: BuildFlags): Promise<Log> {
    if (logfile !== undefined) {
      const file = await open(logfile, 'w').catch(failed(logfile));
      return new Log(
        (line) => file.writeFile(line),
        () => file.close(),
      );
    }
    const write = (line: string): unknown =>
      stdout.write(stdout.isTTY === true ? printableLines(line) : line);
    return new Log(quiet === true ? () => undefined : write, async () => undefined);
  }

  async write(line: string): Promise<void> {
    await this.#write(line);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

function failed(path: string): (cause: unknown) => never {
  return (cause) => {
    throw new CommandError(`open ${path}: ${systemText(cause)}`, undefined, { cause });
  };
}
