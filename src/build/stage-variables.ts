// The variables of a stage: arguments in force, and ENV, which wins (build.md, Variables).
import type { Scope } from './dockerfile/expand.js';
import type { ImageDraft } from './image-draft.js';
import { predefinedArguments } from './plan/arguments.js';

/** What all stages of a build share. */
export interface BuildVariables {
  /** Of the request. */
  readonly buildArgs: ReadonlyMap<string, string>;
  /** Declared before the first FROM, with their values. */
  readonly globals: ReadonlyMap<string, string>;
  /** TARGETPLATFORM and the like, which count once they are declared. */
  readonly platform: ReadonlyMap<string, string>;
  readonly escape: string;
}

/** Arguments and ENV of one stage, as far as its instructions went. */
export class StageVariables {
  readonly #build: BuildVariables;
  readonly #draft: ImageDraft;
  readonly #declared: Map<string, string | undefined>;

  /** `inherited`: of the stage that this one begins with. */
  constructor(build: BuildVariables, draft: ImageDraft, inherited?: StageVariables) {
    this.#build = build;
    this.#draft = draft;
    this.#declared = new Map(inherited === undefined ? [] : inherited.#declared);
  }

  /** ARG. `value`: its default, substituted. */
  declare(name: string, value: string | undefined): void {
    const { buildArgs, globals, platform } = this.#build;
    const given = buildArgs.get(name);
    const known = given ?? value ?? globals.get(name) ?? platform.get(name) ?? this.#declared.get(name);
    this.#declared.set(name, known);
  }

  /** What substitution sees. */
  scope(): Scope {
    return {
      escape: this.#build.escape,
      get: (name) => this.#draft.variable(name) ?? this.#declared.get(name) ?? this.#predefined(name),
    };
  }

  /** The declared arguments that have a value, sorted by name; the value is ENV's where ENV has one. */
  inForce(): readonly (readonly [name: string, value: string])[] {
    const found: [string, string][] = [];
    for (const [name, value] of this.#declared) {
      const effective = value === undefined ? undefined : (this.#draft.variable(name) ?? value);
      if (effective !== undefined) found.push([name, effective]);
    }
    return found.toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  /** What RUN sees, as `KEY=VALUE`: ENV last, so that it wins. */
  environment(): readonly string[] {
    const values = new Map<string, string>();
    for (const name of predefinedArguments) {
      const value = this.#predefined(name);
      if (value !== undefined) values.set(name, value);
    }
    for (const [name, value] of this.inForce()) values.set(name, value);
    for (const entry of this.#draft.env) {
      const equals = entry.indexOf('=');
      if (equals > 0) values.set(entry.slice(0, equals), entry.slice(equals + 1));
    }
    return [...values].map(([name, value]) => `${name}=${value}`);
  }

  #predefined(name: string): string | undefined {
    return predefinedArguments.has(name) ? this.#build.buildArgs.get(name) : undefined;
  }
}
