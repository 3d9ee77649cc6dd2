// An example tried on every way that can make its call, and what of an outcome is the same each time.
import type { Example, Made } from './example.js';
import type { Stage } from './stage.js';
import type { Call, Outcome, Parameters } from './way.js';

/** An outcome without what is never the same twice, and the lines about layers, whose order is by chance, beside it. */
type Lasting = readonly [outcome: Outcome, layers: readonly string[]];

export interface Observation {
  readonly way: string;
  readonly outcome: Outcome;
  readonly lasting: Lasting;
  readonly effect: unknown;
}

/** Makes the call of an example on one way after the other. */
export async function observe(
  stage: Stage,
  method: string,
  mode: Call['mode'],
  example: Example,
): Promise<readonly Observation[]> {
  const observations: Observation[] = [];
  for (const way of stage.ways.filter((each) => each.can({ method, mode }))) {
    const parameters = await made(example.parameters ?? {}, stage);
    const outcome = await way.call({ method, parameters, mode, raw: example.raw });
    const effect = await example.effect?.of(stage, lastOf(outcome));
    observations.push({
      way: way.name,
      outcome,
      lasting: lastingOf(outcome, stage, example.volatile),
      effect,
    });
  }
  return observations;
}

export async function made(value: Made, stage: Stage): Promise<Parameters> {
  return typeof value === 'function' ? await value(stage) : value;
}

/** The parameters of what the call ended with. */
export function lastOf({ replies, error }: Outcome): Parameters {
  return error?.parameters ?? replies.at(-1) ?? {};
}

/** Paths, handles and the like are exchanged for something that is always the same. */
function lastingOf(outcome: Outcome, stage: Stage, volatile: RegExp | undefined): Lasting {
  const text = JSON.stringify(outcome)
    .replaceAll(new RegExp(`${stage.path('fresh')}-\\d+`, 'g'), '<fresh>')
    .replaceAll(stage.store.directory, '<directory>');
  const masked = volatile === undefined ? text : text.replaceAll(volatile, '0');
  const layers: string[] = [];
  const ordered = masked.replaceAll(/Copying blob sha256:[0-9a-f]+/g, (line) => {
    layers.push(line);
    return 'Copying blob';
  });
  return [JSON.parse(ordered) as Outcome, layers.toSorted()];
}

/** The lines that an operation has told, however many replies it had for them. */
export function linesOf({ lasting: [{ replies }, layers] }: Observation): readonly string[] {
  const lines = replies.flatMap((reply) => {
    const { logs = [] } = (reply['reply'] ?? reply['image'] ?? reply) as { logs?: readonly string[] };
    return logs;
  });
  return [...lines, ...layers];
}
