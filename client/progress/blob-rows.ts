// What a long call looks like on a terminal: one line for each blob and file with its bytes and their rate, and a total.
import { columnsOf, endOfColumns } from '../output/columns.js';
import { humanSize } from '../output/units.js';
import { labelColumns, progressLine, speed } from './progress-line.js';
import { Rate } from './rate.js';

/** How far one blob is; the shape of io.imaged's BlobProgress. */
export interface BlobState {
  readonly digest: string;
  /** Bytes. */
  readonly total: number;
  readonly done: number;
  readonly state: 'waiting' | 'copying' | 'done' | 'exists';
}

interface Row {
  readonly label: string;
  readonly short: string;
  /** Sent or received by this process, which knows when it is over. */
  readonly isFile: boolean;
  rate: Rate;
  /** Undefined before anything is known but that it is copied. */
  latest: Latest | undefined;
}

type Latest = Omit<BlobState, 'digest' | 'total'> & { readonly total: number | undefined };

const copying = /^Copying (blob|config) sha256:([0-9a-f]{64})$/;
/** What the log says when everything of an image has been copied. */
const copied = 'Writing manifest to image destination';

export class BlobRows {
  readonly #now: () => number;
  readonly #rows = new Map<string, Row>();
  readonly #states = new Map<string, BlobState>();
  /** Blobs that are done for good: their lines stay, and they count. */
  readonly #gone = new Set<string>();
  /** Of the sum of all blobs. */
  #sum: Rate | undefined;

  /** `now` is a clock in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Takes one line of the log, without its line feed. Returns what is now done for good, in order. That an image is complete
   * means that all blobs have come, unless there are `several` images at once; a file has not, whose last bytes may follow.
   */
  log(line: string, several = false): string[] {
    const sent = this.#settleAll((row) => row.isFile && isOver(row));
    const match = copying.exec(line);
    if (match !== null) {
      const [, what = '', hex = ''] = match;
      this.#add(`sha256:${hex}`, what);
      return sent;
    }
    const come = line === copied && !several ? this.#finish((row) => !row.isFile) : [];
    return [...sent, ...come, line];
  }

  /** Takes what the service says about the blobs. */
  blobs(states: readonly BlobState[]): void {
    for (const state of states) {
      this.#states.set(state.digest, state);
      this.#update(state.digest);
    }
    this.tick();
  }

  /** Gives each of these blobs a line, once, though the log does not tell of it. */
  show(states: readonly BlobState[]): void {
    for (const { digest, state } of states) {
      if (state !== 'exists' && !this.#gone.has(digest)) this.#add(digest, 'blob');
    }
  }

  /** Takes the time that has passed: what does not come becomes slower. */
  tick(): void {
    const now = this.#now();
    const { done } = this.#total();
    this.#sum ??= new Rate(now);
    this.#sum.add(now, done);
    for (const { latest, rate } of this.#rows.values()) {
      if (latest?.state === 'copying') rate.add(now, latest.done);
    }
  }

  /** Takes how far a file is that is sent or received under this name. */
  file(verb: string, name: string, done: number, total: number | undefined): void {
    const label = `${verb} ${endOfColumns(name, labelColumns - verb.length - 1)}`;
    const row = this.#rows.get(label) ?? {
      label,
      short: endOfColumns(name, 12),
      isFile: true,
      rate: new Rate(this.#now()),
      latest: undefined,
    };
    this.#rows.set(label, row);
    row.latest = { done, total, state: total !== undefined && done >= total ? 'done' : 'copying' };
    row.rate.add(this.#now(), done);
  }

  /** At most `height` lines as they are at the moment, the total below them. */
  lines(height: number, columns: number): string[] {
    const { done, total, count, ended } = this.#total();
    const lines = [...this.#shown(height - (count > 1 && this.#hasBlobs() ? 1 : 0))].map((row) =>
      lineOf(row, columns),
    );
    if (count < 2 || !this.#hasBlobs()) return lines;
    const label = `Total ${ended}/${count} blobs`;
    return [
      ...lines,
      progressLine({ label, short: 'Total', done, total, rate: this.#sum?.recent() }, columns),
    ];
  }

  /** Takes the lines of what is done out, so that at most `height` are left to be drawn, if possible. */
  settle(height: number): string[] {
    return this.#settleAll((row) => this.#rows.size > height && isOver(row));
  }

  /** Every line, as of blobs that have arrived: the log has gone on behind them. */
  finish(): string[] {
    return this.#finish(() => true);
  }

  #finish(which: (row: Row) => boolean): string[] {
    const now = this.#now();
    for (const row of [...this.#rows.values()].filter(which)) {
      const { latest } = row;
      if (latest === undefined || latest.state === 'exists') continue;
      const total = latest.total ?? latest.done;
      if (latest.state !== 'done') row.rate.add(now, total);
      row.latest = { done: total, total, state: 'done' };
    }
    return this.#settleAll(which);
  }

  #settleAll(which: (row: Row) => boolean): string[] {
    const settled: string[] = [];
    for (const [key, row] of this.#rows) if (which(row)) settled.push(this.#settled(key, row));
    return settled;
  }

  #hasBlobs(): boolean {
    return [...this.#rows.values()].some(({ isFile }) => !isFile);
  }

  #settled(key: string, row: Row): string {
    this.#rows.delete(key);
    this.#gone.add(key);
    return row.latest === undefined ? `${row.label} done` : lineOf(row, Infinity);
  }

  #add(digest: string, what: string): void {
    const hex = digest.slice('sha256:'.length);
    // The label of a configuration is two characters longer: podman shows two digits less of it.
    const label = `Copying ${what} ${hex.slice(0, what === 'blob' ? 12 : 10)}`;
    this.#gone.delete(digest);
    if (!this.#rows.has(digest)) {
      this.#rows.set(digest, {
        label,
        short: hex.slice(0, 12),
        isFile: false,
        rate: new Rate(this.#now()),
        latest: undefined,
      });
    }
    this.#update(digest);
  }

  #update(digest: string): void {
    const row = this.#rows.get(digest);
    const state = this.#states.get(digest);
    if (row === undefined || state === undefined || row.latest?.state === 'done') return;
    // What a blob waits for others is not the time it takes.
    if (state.state === 'waiting') row.rate = new Rate(this.#now());
    else row.rate.add(this.#now(), state.done);
    row.latest = state;
  }

  /** What is copied goes before what waits where there is no room for both, and what is over goes last. */
  #shown(height: number): readonly Row[] {
    const rows = [...this.#rows.values()];
    if (rows.length <= height) return rows;
    const chosen = new Set(rows.toSorted((a, b) => rank(a) - rank(b)).slice(0, Math.max(height, 0)));
    return rows.filter((row) => chosen.has(row));
  }

  #total() {
    const states = [...this.#states.values()].filter(({ state }) => state !== 'exists');
    const over = ({ digest, state }: BlobState): boolean => state === 'done' || this.#gone.has(digest);
    return {
      count: states.length,
      ended: states.filter(over).length,
      total: states.reduce((sum, { total }) => sum + total, 0),
      done: states.reduce((sum, state) => sum + (over(state) ? state.total : state.done), 0),
    };
  }
}

function rank({ latest }: Row): number {
  if (latest?.state === 'copying') return 0;
  return latest === undefined || latest.state === 'waiting' ? 1 : 2;
}

function isOver({ latest }: Row): boolean {
  return latest?.state === 'done' || latest?.state === 'exists';
}

function lineOf({ label, short, latest, rate }: Row, columns: number): string {
  if (latest === undefined) return label;
  const { done, total } = latest;
  if (latest.state === 'copying') {
    return progressLine({ label, short, done, total, rate: rate.recent() }, columns);
  }
  const states = {
    exists: 'skipped: already exists',
    waiting: `waiting ${humanSize(total ?? 0)}`,
    done: `done ${humanSize(done)}${speed({ rate: rate.overall() })}`,
  };
  const line = `${label} ${states[latest.state]}`;
  return columnsOf(line) < columns ? line : `${short} ${states[latest.state]}`;
}
