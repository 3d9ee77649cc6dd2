// The text of a Dockerfile → its stages and instructions (build.md, Reading the file).
import { DockerfileError } from './dockerfile-error.js';
import type { ArgInstruction, Dockerfile, DockerfileStage, StepInstruction } from './instruction.js';
import { LogicalLines } from './logical-lines.js';
import { parseStatement } from './parse-instruction.js';
import { Statement } from './statement.js';

/** Throws {@link DockerfileError}. The time it takes is proportional to the text. */
export function parseDockerfile(text: string): Dockerfile {
  const lines = new LogicalLines(text);
  const globals: ArgInstruction[] = [];
  const stages: (DockerfileStage & { readonly steps: StepInstruction[] })[] = [];
  for (let line = lines.next(); line !== undefined; line = lines.next()) {
    const statement = new Statement(line, lines);
    const instruction = parseStatement(statement);
    const stage = stages.at(-1);
    if (instruction.kind === 'from') {
      stages.push({ index: stages.length, from: instruction, steps: [] });
    } else if (stage !== undefined) {
      stage.steps.push(instruction);
    } else if (instruction.kind === 'arg') {
      globals.push(instruction);
    } else {
      statement.fail(
        `no build stage in current context: only ARG may stand before the first FROM, not ${statement.instruction}`,
      );
    }
  }
  if (stages.length === 0 && globals.length === 0)
    throw new DockerfileError('file with no instructions, so without FROM');
  if (stages.length === 0) throw new DockerfileError('there is no FROM, so no stages to build');
  return { escape: lines.escape, globals, stages };
}

/**
 * One instruction, as ONBUILD keeps it: here-documents stand below its line. `line` is where the error, if any, is said to be.
 * Throws {@link DockerfileError}.
 */
export function parseInstruction(text: string, escape: string, line = 1): StepInstruction {
  const lines = new LogicalLines(text, escape, line);
  const first = lines.next();
  if (first === undefined) throw new DockerfileError('there is no instruction', line);
  const statement = new Statement(first, lines);
  const instruction = parseStatement(statement);
  const more = lines.next();
  if (more !== undefined) throw new DockerfileError(`more than one instruction: ${more.text}`, more.number);
  if (instruction.kind === 'from' || instruction.kind === 'maintainer' || instruction.kind === 'onbuild') {
    return statement.fail(`${statement.instruction} isn't allowed as an ONBUILD trigger`);
  }
  return instruction;
}
