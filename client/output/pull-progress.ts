// What a pull looks like on a terminal: one line for each blob with its bytes and their rate.
import { humanSize } from './units.js';

/** How far one blob is; the shape of io.imaged's BlobProgress. */
export interface BlobState {
  readonly digest: string;
  /** Bytes. */
  readonly total: number;
  readonly done: number;
  readonly state: 'waiting' | 'copying' | 'done' | 'exists';
}

interface Row {
  /** `Copying blob 4464c108a6cd`. */
  readonly label: string;
  rate: Rate;
  latest: BlobState | undefined;
}

const copying = /^Copying (blob|config) sha256:([0-9a-f]{64})$/;
const barWidth = 20;

export class PullProgress {
  readonly #now: () => number;
  readonly #rows = new Map<string, Row>();
  readonly #states = new Map<string, BlobState>();

  /** `now` is a clock in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes one line of the log, without its line feed. Returns what is now done for good, in order. */
  log(line: string): string[] {
    const match = copying.exec(line);
    if (match === null) return [...this.finish(), line];
    const [, what = '', hex = ''] = match;
    const digest = `sha256:${hex}`;
    // The label of a configuration is two characters longer: podman shows two digits less of it.
    const label = `Copying ${what} ${hex.slice(0, what === 'blob' ? 12 : 10)}`;
    if (!this.#rows.has(digest))
      this.#rows.set(digest, { label, rate: new Rate(this.#now()), latest: undefined });
    this.#update(digest);
    return [];
  }

  /** Takes what the service says about the blobs. */
  blobs(states: readonly BlobState[]): void {
    for (const state of states) {
      this.#states.set(state.digest, state);
      this.#update(state.digest);
    }
  }

  /** The lines as they are at the moment. */
  lines(): string[] {
    return [...this.#rows.values()].map((row) => `${row.label}${describe(row)}`);
  }

  /** Takes the lines of blobs that are done out, so that at most `height` are left to be drawn, if possible. */
  settle(height: number): string[] {
    const settled: string[] = [];
    for (const [digest, row] of this.#rows) {
      if (this.#rows.size <= height) break;
      if (row.latest?.state !== 'done' && row.latest?.state !== 'exists') continue;
      settled.push(`${row.label}${describe(row)}`);
      this.#rows.delete(digest);
    }
    return settled;
  }

  /** Every line, as of blobs that have arrived: the log has gone on behind them. */
  finish(): string[] {
    const now = this.#now();
    const lines = [...this.#rows.values()].map((row) => {
      const { latest } = row;
      if (latest === undefined) return `${row.label} done`;
      if (latest.state !== 'exists') {
        row.rate.add(now, latest.total);
        row.latest = { ...latest, done: latest.total, state: 'done' };
      }
      return `${row.label}${describe(row)}`;
    });
    this.#rows.clear();
    return lines;
  }

  #update(digest: string): void {
    const row = this.#rows.get(digest);
    const state = this.#states.get(digest);
    if (row === undefined || state === undefined || row.latest?.state === 'done') return;
    row.latest = state;
    // What a blob waits for others is not the time it takes.
    if (state.state === 'waiting') row.rate = new Rate(this.#now());
    else row.rate.add(this.#now(), state.done);
  }
}

function describe({ latest, rate }: Row): string {
  if (latest === undefined) return '';
  const { done, total } = latest;
  switch (latest.state) {
    case 'exists':
      return ' skipped: already exists';
    case 'waiting':
      return ` waiting ${humanSize(total)}`;
    case 'done':
      return ` done ${humanSize(total)}${perSecond(rate.overall())}`;
    default:
      return ` [${bar(done, total)}] ${humanSize(done)} / ${humanSize(total)}${perSecond(rate.recent())}`;
  }
}

function bar(done: number, total: number): string {
  const filled = total === 0 ? barWidth : Math.min(Math.floor((done / total) * barWidth), barWidth);
  if (filled === barWidth) return '='.repeat(barWidth);
  return `${'='.repeat(filled)}>${'-'.repeat(barWidth - filled - 1)}`;
}

function perSecond(rate: number | undefined): string {
  return rate === undefined ? '' : ` ${humanSize(Math.round(rate))}/s`;
}

const windowMilliseconds = 3000;

/** Bytes for each second: over the last few seconds, and over all of them. */
class Rate {
  readonly #samples: { readonly at: number; readonly bytes: number }[];
  readonly #start: number;

  constructor(now: number) {
    this.#start = now;
    this.#samples = [{ at: now, bytes: 0 }];
  }

  add(at: number, bytes: number): void {
    this.#samples.push({ at, bytes });
    // One sample from before the window stays: it is where the window begins.
    while ((this.#samples[1]?.at ?? Infinity) <= at - windowMilliseconds) this.#samples.shift();
  }

  recent(): number | undefined {
    const first = this.#samples[0];
    return first === undefined ? undefined : this.#since(first.at, first.bytes);
  }

  overall(): number | undefined {
    return this.#since(this.#start, 0);
  }

  #since(at: number, bytes: number): number | undefined {
    const last = this.#samples.at(-1);
    if (last === undefined || last.at <= at) return undefined;
    return ((last.bytes - bytes) * 1000) / (last.at - at);
  }
}
