// The lines of a build's log, as Podman's users know them (build.md, Log lines).

/** Where lines go. */
export interface LineSink {
  log(line: string): void;
  /** Also when nobody wants the log. */
  tell(line: string): void;
  /** Resolves when there is room for more. */
  room(): Promise<void>;
}

const SHORT_ID = 11;
/** A line that does not end is cut after so many bytes: it must not fill the memory. */
const LONGEST_LINE = 256 * 1024;

/** The log of a build; stages that run side by side share it. */
export class BuildLog {
  readonly #sink: LineSink;
  readonly #newer: boolean;
  readonly #stages: number;
  readonly #warned = new Set<string>();
  #steps = 0;

  /** `newer`: step lines tell the stage and how many steps it has. */
  constructor(sink: LineSink, options: { readonly newer: boolean; readonly stages: number }) {
    this.#sink = sink;
    this.#newer = options.newer;
    this.#stages = options.stages;
  }

  line(text: string): void {
    this.#sink.log(text);
  }

  /** `number` of `count` steps of the stage that is the `stage`th of those that run, all counted from 1. */
  step(text: string, at: { readonly stage: number; readonly number: number; readonly count: number }): void {
    this.#steps += 1;
    const { stage, number, count } = at;
    const prefix = this.#stages > 1 ? `[${stage}/${this.#stages}] ` : '';
    this.line(this.#newer ? `${prefix}STEP ${number}/${count}: ${text}` : `STEP ${this.#steps}: ${text}`);
  }

  /** `name`: as the caller gave it, or empty. */
  commit(name: string): void {
    const text = name === '' ? 'COMMIT' : `COMMIT ${name}`;
    if (this.#newer) {
      this.line(text);
      return;
    }
    this.#steps += 1;
    this.line(`STEP ${this.#steps}: ${text}`);
  }

  cached(id: string): void {
    this.line(`--> Using cache ${id}`);
  }

  made(id: string): void {
    this.line(`--> ${id.slice(0, SHORT_ID)}`);
  }

  /** What the last lines of a build are. */
  done(id: string, names: readonly string[]): void {
    if (this.#newer) for (const name of names) this.line(`Successfully tagged ${name}`);
    this.#sink.tell(id);
  }

  /** The same warning is given once in a build. */
  warnOnce(text: string): void {
    if (!this.#warned.has(text)) this.line(`[Warning] ${text}`);
    this.#warned.add(text);
  }

  /** Takes what a command writes and logs whole lines. */
  output(): OutputLines {
    return new OutputLines(this.#sink);
  }
}

/** Cuts bytes into lines; text that is no UTF-8 has replacement characters. */
export class OutputLines {
  readonly #sink: LineSink;
  readonly #decoder = new TextDecoder();
  #rest = '';

  constructor(sink: LineSink) {
    this.#sink = sink;
  }

  /** Resolves when the log has room again. */
  async write(piece: Uint8Array): Promise<void> {
    const lines = (this.#rest + this.#decoder.decode(piece, { stream: true })).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      this.#sink.log(line);
      await this.#sink.room();
    }
    while (this.#rest.length >= LONGEST_LINE) {
      this.#sink.log(this.#rest.slice(0, LONGEST_LINE));
      this.#rest = this.#rest.slice(LONGEST_LINE);
      await this.#sink.room();
    }
  }

  /** The last line may have no end. */
  end(): void {
    const rest = this.#rest + this.#decoder.decode();
    this.#rest = '';
    if (rest !== '') this.#sink.log(rest);
  }
}
