// Whether two images are the same but for what is wanted.
import type { Difference, Facts, Json } from './conformance-case.js';

/** Where builders make mount points for RUN: the time at which they did is no part of what is built. */
const mountPlaces: ReadonlySet<string> = new Set(['tree / mtime', 'tree /etc mtime', 'tree /run mtime']);

/**
 * One line for each fact that is not as it must be: as the peer's, or as the difference says; also for a wanted difference
 * that is none, so that the list of them stays true. `undefined` stands for a fact that is not there.
 */
export function compareFacts(ours: Facts, peers: Facts, differs?: Difference): string[] {
  const wanted = new Wanted(differs, ours);
  const problems: string[] = [];
  // Of an image that is not there nothing else can be said.
  const outcomes = [ours, peers].map((facts) => facts.get('outcome'));
  if (outcomes.includes('failed')) {
    const [own, others] = outcomes;
    const wants = wanted.get('outcome') ?? others;
    return own === wants ? [] : [`outcome: ${text(own)}, buildah has ${text(others)}`];
  }
  for (const key of [...new Set([...peers.keys(), ...ours.keys(), ...wanted.keys()])].toSorted()) {
    if (mountPlaces.has(key) || isOpen(key, differs)) continue;
    const own = text(ours.get(key));
    if (wanted.has(key)) {
      if (own !== text(wanted.get(key))) problems.push(`${key}: ${own}, wanted ${text(wanted.get(key))}`);
    } else if (own !== text(peers.get(key))) {
      problems.push(`${key}: ${own}, buildah has ${text(peers.get(key))}`);
    }
  }
  for (const name of wanted.names()) {
    const keys = [...wanted.keys(), ...peers.keys()].filter((key) => begins(key, name));
    const same = keys.every((key) => text(wanted.get(key)) === text(peers.get(key)));
    if (differs?.instead === undefined && same)
      problems.push(`${name}: buildah has the same; not a difference any more`);
  }
  return problems;
}

/** The facts of {@link Difference}.ours, each for itself. */
class Wanted {
  readonly #facts = new Map<string, Json>();
  readonly #absent: string[] = [];
  readonly #names: string[];

  constructor(differs: Difference | undefined, ours: Facts) {
    const entries = Object.entries(differs?.ours ?? {});
    this.#names = entries.map(([name]) => name);
    for (const [name, value] of entries) {
      if (value === undefined) this.#absent.push(name);
      else if (isGroup(name, value, ours)) {
        for (const [key, part] of Object.entries(value as Readonly<Record<string, Json>>)) {
          this.#facts.set(`${name} ${key}`, part);
        }
      } else this.#facts.set(name, value);
    }
  }

  names(): readonly string[] {
    return this.#names;
  }

  keys(): string[] {
    return [...this.#facts.keys()];
  }

  has(key: string): boolean {
    return this.#facts.has(key) || this.#absent.some((name) => begins(key, name));
  }

  get(key: string): Json | undefined {
    return this.#facts.get(key);
  }
}

/** `tree PATH` and `history N` have facts below them; the value of `config KEY` may be an object itself. */
function isGroup(name: string, value: Json, ours: Facts): boolean {
  return /^(?:tree|history) /.test(name) && typeof value === 'object' && value !== null && !ours.has(name);
}

function isOpen(key: string, differs: Difference | undefined): boolean {
  if (differs?.instead !== undefined && /^history \d+ created_by$/.test(key)) {
    return !Object.keys(differs.ours ?? {}).some((name) => begins(key, name));
  }
  return differs?.open?.some((name) => begins(key, name)) ?? false;
}

function begins(key: string, name: string): boolean {
  return key === name || key.startsWith(`${name} `) || key.startsWith(`${name}/`);
}

/** With sorted keys: their order means nothing. */
function text(value: Json | undefined): string {
  return value === undefined ? 'undefined' : JSON.stringify(sorted(value));
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map((part: Json) => sorted(part));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value as Readonly<Record<string, Json>>);
  return Object.fromEntries(
    entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, part]) => [key, sorted(part)]),
  );
}
