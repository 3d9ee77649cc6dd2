// Metrics in Prometheus' text format (prometheus.io/docs/instrumenting/exposition_formats).

export type Labels = Readonly<Record<string, string>>;

/** A name, what it is, and what it is worth now. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Without the lines of help and type; each ends with a newline. */
  samples(): string;
}

/** A family has this many combinations of labels at most; what comes after them is not counted. */
const mostSeries = 1000;

/** Numbers that only grow, or that are set. */
export class Numbers implements MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly #values = new Map<string, number>();

  constructor(type: 'counter' | 'gauge', name: string, help: string) {
    this.type = type;
    this.name = name;
    this.help = help;
  }

  add(labels: Labels = {}, value = 1): void {
    const key = written(labels);
    this.#put(key, (this.#values.get(key) ?? 0) + value);
  }

  set(value: number, labels: Labels = {}): void {
    this.#put(written(labels), value);
  }

  /** Before values are set anew some of which are gone. */
  clear(): void {
    this.#values.clear();
  }

  samples(): string {
    let text = '';
    for (const [key, value] of this.#values) text += `${this.name}${key && `{${key}}`} ${value}\n`;
    return text;
  }

  #put(key: string, value: number): void {
    if (this.#values.has(key) || this.#values.size < mostSeries) this.#values.set(key, value);
  }
}

interface Distribution {
  /** How many were in each bucket, those beyond the last one behind it. */
  readonly counts: number[];
  sum: number;
}

/** How often something was how much. */
export class Histogram implements MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, Distribution>();

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.name = name;
    this.help = help;
    this.#bounds = bounds;
  }

  observe(value: number, labels: Labels = {}): void {
    const key = written(labels);
    let series = this.#series.get(key);
    if (series === undefined) {
      if (this.#series.size >= mostSeries) return;
      series = { counts: Array.from({ length: this.#bounds.length + 1 }, () => 0), sum: 0 };
      this.#series.set(key, series);
    }
    const bucket = this.#bounds.findIndex((bound) => value <= bound);
    const index = bucket < 0 ? this.#bounds.length : bucket;
    series.counts[index] = (series.counts[index] ?? 0) + 1;
    series.sum += value;
  }

  samples(): string {
    let text = '';
    for (const [key, { counts, sum }] of this.#series) {
      const before = key && `${key},`;
      let total = 0;
      counts.forEach((count, index) => {
        total += count;
        text += `${this.name}_bucket{${before}le="${this.#bounds[index] ?? '+Inf'}"} ${total}\n`;
      });
      const labels = key && `{${key}}`;
      text += `${this.name}_sum${labels} ${sum}\n${this.name}_count${labels} ${total}\n`;
    }
    return text;
  }
}

/** What a scrape is answered with. Families without a value are left out. */
export function exposition(families: readonly MetricFamily[]): string {
  return families
    .map((family) => ({ family, samples: family.samples() }))
    .filter(({ samples }) => samples !== '')
    .map(
      ({ family: { name, help, type }, samples }) =>
        `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples}`,
    )
    .join('');
}

function written(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/["\\\n]/g, escaped)}"`)
    .join(',');
}

function escaped(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`;
}
