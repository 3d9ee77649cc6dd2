// RUN as the run room takes it: the command line, what it sees, and what is mounted for it (build.md, Instructions).
import { posix } from 'node:path';
import type { BuildLog } from './build-log.js';
import type { CopySource } from './copy/copy-request.js';
import type { Command, RunInstruction } from './dockerfile/instruction.js';
import { shellText } from './dockerfile/shell-text.js';
import { BuildError, InstructionError } from './errors.js';
import type { ImageDraft } from './image-draft.js';
import { mountsOf } from './run-mounts.js';
import type { RunRequest } from './run/run-request.js';
import type { SourceLookup } from './stage-source.js';
import type { StageVariables } from './stage-variables.js';
import type { Workplace } from './workplace.js';

/** Where the instruction stands. */
export interface RunPosition {
  readonly draft: ImageDraft;
  readonly variables: StageVariables;
  readonly expand: (raw: string) => string;
  /** Of what is mounted. */
  readonly digestOf: (source: CopySource, path: string) => Promise<string>;
}

export interface PreparedRun {
  readonly request: RunRequest;
  /** Of what is mounted from elsewhere, for the history. */
  readonly digests: string;
}

/** The same for every build, so that what a step writes does not depend on it. */
const HOST_NAME = 'imaged-build';

/** Throws {@link InstructionError} and what looking for sources throws. */
export async function prepareRun(
  lookup: SourceLookup,
  step: RunInstruction,
  position: RunPosition,
): Promise<PreparedRun> {
  const { draft, variables, expand } = position;
  const { request } = lookup;
  const { mounts, digests } = await mountsOf(lookup, step.mounts.map(expand), position.digestOf);
  return {
    digests,
    request: {
      ...commandLine(step.command, draft),
      env: variables.environment(),
      cwd: draft.workingDir === '' ? '/' : posix.resolve('/', draft.workingDir),
      user: draft.user,
      hostName: HOST_NAME,
      mounts,
      network: networkOf(step, lookup, expand),
      insecure: isInsecure(step, lookup, expand),
      settings: request.run,
    },
  };
}

/** Throws {@link BuildError} with the status when the command fails. */
export async function performRun(workplace: Workplace, request: RunRequest, log: BuildLog): Promise<void> {
  const output = log.output();
  const { status, warnings } = await workplace.run(request, async (piece) => await output.write(piece));
  output.end();
  for (const warning of warnings) log.warnOnce(warning);
  if (status !== 0) throw new BuildError(`while running runtime: exit status ${status}`, status);
}

function commandLine(command: Command, draft: ImageDraft): Pick<RunRequest, 'args' | 'script'> {
  if (command.form === 'exec') return { args: command.args };
  const given = shellText(command);
  if (given.kind === 'script') return { args: [], script: given.content };
  return { args: [...draft.shellCommand, given.text] };
}

function networkOf(
  { network: raw }: RunInstruction,
  { request }: SourceLookup,
  expand: (raw: string) => string,
): RunRequest['network'] {
  const network = raw === undefined ? (request.network ?? 'default') : expand(raw);
  if (network !== 'default' && network !== 'none' && network !== 'host') {
    throw new InstructionError(`RUN --network=${network}: must be default, none or host`);
  }
  if (network === 'host' && raw !== undefined && request.mayRun?.hostNetwork !== true) {
    throw new InstructionError("RUN --network=host: this service does not give builds the host's network");
  }
  return network;
}

function isInsecure(
  { security: raw }: RunInstruction,
  { request }: SourceLookup,
  expand: (raw: string) => string,
): boolean {
  const security = raw === undefined ? 'sandbox' : expand(raw);
  if (security !== 'sandbox' && security !== 'insecure') {
    throw new InstructionError(`RUN --security=${security}: must be sandbox or insecure`);
  }
  if (security === 'insecure' && request.mayRun?.insecure !== true) {
    throw new InstructionError('RUN --security=insecure: this service does not allow it');
  }
  return security === 'insecure';
}
