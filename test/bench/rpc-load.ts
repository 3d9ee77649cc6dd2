// The load of `npm run bench -- rpc`: one process asks all servers in turn, so that its own cost is the same for each.
import { clientRate, clientUses } from './rpc-client-load.js';
import { jsonSeconds, largeCall, largeCalls } from './rpc-large-call.js';
import { type Sample, scenarios } from './rpc-scenarios.js';
import type { Door } from './rpc-wire.js';

export interface Target {
  readonly name: string;
  readonly door: Door;
  readonly address: string;
  /** Of the server, whose processor time is counted. */
  readonly pid: number;
}

export interface Plan {
  readonly targets: readonly Target[];
  readonly rounds: number;
  /** Milliseconds of one measurement. */
  readonly duration: number;
}

/** What was measured, by what was done and the name of the target. */
type Figures<T> = Record<string, Record<string, T[]>>;

export interface LoadReport {
  readonly samples: Figures<Sample>;
  /** Seconds of each large call. */
  readonly large: Figures<number>;
  /** Seconds of JSON.parse and JSON.stringify on what each carries. */
  readonly json: Record<string, number[]>;
  /** Replies per second that the generated client gets. */
  readonly clients: Figures<number>;
}

/** How often the targets take turns at small calls in a round: what else the machine does then hits all of them. */
const turns = 3;

/** Runs the plan: within each round everything on every target, one after the other. */
export async function runPlan({ targets, rounds, duration }: Plan): Promise<LoadReport> {
  const report: LoadReport = { samples: {}, large: {}, json: {}, clients: {} };
  for (let round = 0; round <= rounds; round += 1) {
    const into = round === 0 ? { samples: {}, large: {}, json: {}, clients: {} } : report;
    await runRound(into, targets, duration);
  }
  return report;
}

async function runRound(report: LoadReport, targets: readonly Target[], duration: number): Promise<void> {
  for (const [name, scenario] of Object.entries(scenarios))
    for (let turn = 0; turn < turns; turn += 1)
      for (const target of targets) collect(report.samples, name, target, await scenario(target, duration));
  for (const [name, call] of Object.entries(largeCalls)) {
    (report.json[name] ??= []).push(jsonSeconds(call.parameters));
    for (const target of targets) collect(report.large, name, target, await largeCall(target, call));
  }
  for (const use of clientUses)
    for (const target of targets)
      collect(report.clients, use, target, await clientRate(use, target, duration));
}

function collect<T>(figures: Figures<T>, what: string, { name }: Target, figure: T): void {
  ((figures[what] ??= {})[name] ??= []).push(figure);
}

const [plan] = process.argv.slice(2);
if (plan !== undefined) {
  const report = await runPlan(JSON.parse(plan) as Plan);
  process.stdout.write(JSON.stringify(report));
  process.exit(0);
}
