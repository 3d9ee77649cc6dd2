// What the instructions that make no layer do to the image (build.md, Instructions).
import { expandWord, expandWords, type Scope } from './dockerfile/expand.js';
import type {
  Command,
  CopyInstruction,
  EnvInstruction,
  HealthcheckInstruction,
  RunInstruction,
  StepInstruction,
} from './dockerfile/instruction.js';
import type { ImageDraft } from './image-draft.js';
import type { StageVariables } from './stage-variables.js';

/** Instructions that change the configuration and no file. */
export type ConfigInstruction = Exclude<StepInstruction, RunInstruction | CopyInstruction>;

/** Changes `draft` and `variables`. Throws InstructionError and what substitution throws. */
export function applyInstruction(
  step: ConfigInstruction,
  draft: ImageDraft,
  variables: StageVariables,
): void {
  const scope = variables.scope();
  switch (step.kind) {
    case 'arg':
      for (const { name, value } of step.args)
        variables.declare(name, value === undefined ? undefined : expandWord(value, scope));
      break;
    case 'env':
      for (const [name, value] of expandedPairs(step, scope)) draft.setVariable(name, value);
      break;
    case 'label':
      for (const [key, value] of expandedPairs(step, scope)) draft.setLabel(key, value);
      break;
    case 'workdir':
      draft.changeDirectory(expandWord(step.text, scope));
      break;
    case 'user':
      draft.user = expandWord(step.text, scope);
      break;
    case 'stopsignal':
      draft.setStopSignal(expandWord(step.text, scope));
      break;
    case 'maintainer':
      draft.author = step.text;
      break;
    case 'onbuild':
      draft.onBuild.push(step.text);
      break;
    case 'expose':
      for (const word of step.words.flatMap((raw) => expandWords(raw, scope))) draft.expose(word);
      break;
    case 'volume':
      for (const raw of step.words) draft.addVolume(expandWord(raw, scope));
      break;
    case 'cmd':
      draft.setCommand(commandLine(step.command, draft));
      break;
    case 'entrypoint':
      draft.setEntrypoint(commandLine(step.command, draft));
      break;
    case 'shell':
      draft.shell = step.args;
      break;
    case 'healthcheck':
      draft.healthcheck = healthcheckOf(step);
      break;
  }
}

/** All of them see the values from before the line. */
function expandedPairs({ pairs }: EnvInstruction, scope: Scope): readonly (readonly [string, string])[] {
  return pairs.map(({ key, value }) => [expandWord(key, scope), expandWord(value, scope)]);
}

function commandLine(command: Command, { shellCommand }: ImageDraft): readonly string[] {
  return command.form === 'exec' ? command.args : [...shellCommand, command.text];
}

function healthcheckOf(step: HealthcheckInstruction): ImageDraft['healthcheck'] {
  const { command, interval = 0, timeout = 0, startPeriod = 0, startInterval = 0, retries = 0 } = step;
  return { test: healthcheckTest(command), interval, timeout, startPeriod, startInterval, retries };
}

function healthcheckTest(command: Command | undefined): readonly string[] {
  if (command === undefined) return ['NONE'];
  return command.form === 'exec' ? ['CMD', ...command.args] : ['CMD-SHELL', command.text];
}
