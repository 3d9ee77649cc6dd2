// Progress on a terminal: the lines of the log go up, below them each blob has its own.
import type { BlobProgress } from '../../src/generated/io-imaged.js';
import { printable, printableLines } from '../output/printable.js';
import type { Payload } from '../transfer.js';
import { BlobRows } from './blob-rows.js';
import { LiveRegion, type Terminal } from './live-region.js';
import type { Progress } from './progress.js';

/** Milliseconds. */
const betweenDraws = 100;
const betweenTicks = 500;

/** What is to be done to what is drawn when something happens to the terminal. */
export interface Drawing {
  /** The window has another size. */
  redraw(): void;
  /** Something else will write: leaves the lines where they are. */
  leave(): void;
  /** Something else may have written: draws everything below that. */
  resume(): void;
}

/** A terminal that says what happens to it. */
export interface LiveTerminal extends Terminal {
  /** Returns what ends that. */
  attach?(drawing: Drawing): () => void;
}

export interface LiveOptions {
  /** Blobs have lines without the log telling of them. */
  readonly everyBlob: boolean;
  /** Several images may be copied at once: that one of them is complete says nothing of the others' blobs. */
  readonly severalImages: boolean;
}

/** More lines of a log than anybody can read before the next draw are drawn at once, so that they do not pile up. */
const maxAbove = 500;

export class LiveProgress implements Progress, Drawing, Disposable {
  readonly #region: LiveRegion;
  readonly #rows: BlobRows;
  readonly #now: () => number;
  readonly #options: LiveOptions;
  readonly #detach: () => void;
  readonly #ticking: NodeJS.Timeout;
  #timer: NodeJS.Timeout | undefined;
  #drawnAt = -Infinity;
  /** Waits for the next draw. */
  #above: string[] = [];
  /** The log's last line, if it has no end yet. */
  #partial = '';
  #over = false;

  /** `now` is a clock in milliseconds. */
  constructor(terminal: LiveTerminal, now: () => number, options: LiveOptions) {
    this.#options = options;
    this.#region = new LiveRegion(terminal);
    this.#rows = new BlobRows(now);
    this.#now = now;
    this.#detach = terminal.attach?.(this) ?? (() => undefined);
    this.#ticking = setInterval(() => {
      this.#rows.tick();
      this.#soon();
    }, betweenTicks);
    // Nothing waits for a picture.
    this.#ticking.unref();
  }

  log(text: string): void {
    const lines = `${this.#partial}${text}`.split('\n');
    this.#partial = lines.pop() ?? '';
    for (const line of lines)
      this.#above.push(...this.#rows.log(printableLines(line), this.#options.severalImages));
    if (this.#above.length > maxAbove) this.#draw();
    else this.#soon();
  }

  blobs(states: readonly BlobProgress[]): void {
    this.#rows.blobs(states);
    if (this.#options.everyBlob) this.#rows.show(states);
    this.#soon();
  }

  sending(name: string, payload: Payload): Payload {
    const bytes = (): AsyncIterable<Uint8Array> =>
      this.#counted('Sending', name, payload.length, payload.bytes());
    return {
      length: payload.length,
      start: (count) => payload.start(count),
      bytes,
      [Symbol.asyncDispose]: () => payload[Symbol.asyncDispose](),
    };
  }

  receiving(name: string, bytes: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    return this.#counted('Writing', name, undefined, bytes);
  }

  /** Everything has succeeded: the last lines are as of what is done. */
  finish(): void {
    this.#above.push(...this.#rows.finish());
  }

  redraw(): void {
    if (this.#over) return;
    this.#draw();
  }

  leave(): void {
    this.#region.leave();
  }

  resume(): void {
    this.#region.forget();
    this.redraw();
  }

  /** What failed half-way stays on the screen as it was. */
  [Symbol.dispose](): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#ticking);
    clearTimeout(this.#timer);
    this.#detach();
    const rows = this.#rows.lines(this.#region.height, this.#region.columns);
    const last = this.#partial === '' ? [] : [printable(this.#partial)];
    this.#region.draw([], [...this.#above, ...rows, ...last]);
  }

  async *#counted<Bytes extends Uint8Array>(
    verb: string,
    name: string,
    total: number | undefined,
    bytes: AsyncIterable<Bytes>,
  ): AsyncGenerator<Bytes, void, void> {
    let done = 0;
    for await (const piece of bytes) {
      yield piece;
      // Whoever took it has asked for the next: it is on its way.
      done += piece.length;
      this.#rows.file(verb, name, done, total);
      this.#soon();
    }
    // Now it is known how many they were.
    this.#rows.file(verb, name, done, done);
    this.#soon();
  }

  /** Draws now, or when the time has come for the next draw. */
  #soon(): void {
    if (this.#over || this.#timer !== undefined) return;
    const wait = this.#drawnAt + betweenDraws - this.#now();
    if (wait <= 0) {
      this.#draw();
      return;
    }
    this.#timer = setTimeout(() => this.#draw(), Math.min(wait, betweenDraws));
  }

  #draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#drawnAt = this.#now();
    const { height, columns } = this.#region;
    const last = this.#partial === '' ? [] : [printable(this.#partial)];
    const above = [
      ...this.#above,
      ...this.#rows.settle(this.#options.severalImages ? 0 : height - 1 - last.length),
    ];
    this.#above = [];
    this.#region.draw([...last, ...this.#rows.lines(height - last.length, columns)], above);
  }
}
