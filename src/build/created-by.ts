// What the history says of an instruction: the text that the cache compares (build.md, Layers, history and cache).
import type { CopyInstruction, RunInstruction, StepInstruction } from './dockerfile/instruction.js';
import type { StageVariables } from './stage-variables.js';

/** Of an image whose Dockerfile has no instruction but FROM. */
export const createdByNothing = '/bin/sh';

const RUN_PREFIX_LENGTH = 'RUN '.length;

/**
 * `sources`: digests of what is mounted, each with a colon in front. Here-documents are a part of the text.
 * The number in front is that of the words, as the peer counts them, and the order that of the pairs: `A1=` comes before `A=`.
 */
export function runCreatedBy(
  { original, command }: RunInstruction,
  variables: StageVariables,
  sources: string,
): string {
  const args = variables
    .inForce()
    .map(([name, value]) => `${name}=${value}`)
    .toSorted()
    .join(' ');
  const prefix = args === '' ? '' : `|${args.split(' ').length} ${args} `;
  const bodies = command.form === 'shell' ? command.heredocs.map(({ content }) => `\n${content.trim()}`) : [];
  return `${prefix}/bin/sh -c ${original.slice(RUN_PREFIX_LENGTH)}${bodies.join('')}${sources}`;
}

/** `content`: the digest of what is copied, as `dir:…`. The destination is as it was written. */
export function copyCreatedBy(step: CopyInstruction, content: string): string {
  const destination = step.destinationString ?? step.destination;
  return `/bin/sh -c #(nop) ${step.kind.toUpperCase()} ${content} in ${destination} `;
}

/** Of any other instruction; that of ARG has the names of all arguments in force. */
export function plainCreatedBy(step: StepInstruction, variables: StageVariables): string {
  const names = variables.inForce().map(([name]) => name);
  return `/bin/sh -c #(nop) ${step.kind === 'arg' ? `ARG ${names.join(' ')}` : step.original}`;
}
