// imagectl build: an image of a Dockerfile.
import { open, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { CommandFailed } from '../../src/generated/io-imaged.js';
import { atMostOne } from '../arguments.js';
import { buildCallOf } from '../build/call.js';
import { defineBuildFlags, type BuildFlags } from '../build/flags.js';
import { NamedContexts } from '../build/named-contexts.js';
import { openPlace } from '../build/place.js';
import { requestBuild } from '../build/request.js';
import type { Context } from '../context.js';
import { CommandError } from '../errors.js';
import { printableLines } from '../output/printable.js';
import { isDrawn, withProgress } from '../progress/progress.js';
import { systemText } from '../payload.js';

export function defineBuild(command: Command, context: Context): void {
  defineBuildFlags(
    command
      .description('Build an image using instructions from Containerfiles')
      .usage('[options] [CONTEXT]')
      .argument('[context...]'),
  ).action((words: string[], flags: BuildFlags) => build(context, words, flags));
}

async function build(context: Context, words: readonly string[], flags: BuildFlags): Promise<void> {
  await using place = await openPlace(context, atMostOne(words), flags.file);
  await using log = await Log.open(context, flags);
  await using contexts = await NamedContexts.open(context, flags.buildContext);
  const call = await buildCallOf(context, place, contexts.all, flags);
  const { quiet = false, logfile } = flags;
  // On one terminal with the blobs, the log has to go through the same hands.
  const together = logfile === undefined && context.stdout.isTTY === true && isDrawn(context);
  const shown = { kind: 'build', quiet, logged: together } as const;
  const id = await withProgress(context, shown, (progress) => {
    const drawn = async (line: string): Promise<void> => progress.log(line);
    const view = { log: together ? drawn : (line: string) => log.write(line), progress };
    return requestBuild(context, call, view);
  }).catch(ended);
  if (quiet) context.stdout.write(`${id}\n`);
  if (flags.iidfile !== undefined)
    await writeFile(flags.iidfile, `sha256:${id}`).catch(failed(flags.iidfile));
}

/** The command ends with the status of the RUN that failed, as podman does. */
function ended(error: unknown): never {
  if (!(error instanceof CommandFailed)) throw error;
  throw new CommandError(error.message, error.parameters.status, { cause: error });
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
