// What a Dockerfile consists of, as it was read: nothing is substituted yet (build.md, Reading the file).

/** A word, or several, as they were written: with their quotes, escapes and variables. */
export type RawText = string;

/** A text that stands below its instruction. */
export interface Heredoc {
  /** The word that ends it, which is the name of the file it becomes. */
  readonly name: string;
  /** With its last line feed. Tabs are stripped already where `<<-` asked for it. */
  readonly content: string;
  /** The builder substitutes variables in it; false where the word was quoted. */
  readonly expands: boolean;
}

/** What RUN, CMD, ENTRYPOINT and HEALTHCHECK start. */
export type Command =
  | { readonly form: 'exec'; readonly args: readonly string[] }
  /** As written, continued lines joined; here-documents are RUN's only. */
  | { readonly form: 'shell'; readonly text: string; readonly heredocs: readonly Heredoc[] };

interface Base {
  /** Of its first line, counted from 1 over all joined files. */
  readonly line: number;
  /** The logical line as it was written, continued lines joined, without the bodies of here-documents. */
  readonly original: string;
  /** The flags as they were written, `--name=value`. */
  readonly flags: readonly RawText[];
}

/** A name and a value, neither substituted; of `KEY rest of line` the value is the rest, not split any more. */
export interface RawPair {
  readonly key: RawText;
  readonly value: RawText;
}

export interface FromInstruction extends Base {
  readonly kind: 'from';
  readonly platform?: RawText;
  readonly image: RawText;
  /** Lower case; as written where it has variables, which the plan puts in. */
  readonly as?: string;
}

export interface ArgInstruction extends Base {
  readonly kind: 'arg';
  readonly args: readonly { readonly name: string; readonly value?: RawText }[];
}

export interface RunInstruction extends Base {
  readonly kind: 'run';
  readonly command: Command;
  readonly mounts: readonly RawText[];
  readonly network?: RawText;
  readonly security?: RawText;
}

/** COPY or ADD. */
export interface CopyInstruction extends Base {
  readonly kind: 'copy' | 'add';
  readonly sources: readonly RawText[];
  /** Those among the sources, which name their words then as `<<EOF`. */
  readonly heredocs: readonly Heredoc[];
  readonly destination: RawText;
  /** The decoded string, in the JSON form; it is what the history has. */
  readonly destinationString?: string;
  /** COPY's only. */
  readonly from?: RawText;
  readonly chown?: RawText;
  readonly chmod?: RawText;
  readonly link: boolean;
  readonly parents: boolean;
  readonly excludes: readonly RawText[];
  /** ADD's only. */
  readonly checksum?: RawText;
  readonly unpack?: boolean;
  readonly keepGitDir?: boolean;
}

export interface EnvInstruction extends Base {
  readonly kind: 'env' | 'label';
  readonly pairs: readonly RawPair[];
}

/** One text for the whole of the line behind the name. */
export interface TextInstruction extends Base {
  readonly kind: 'workdir' | 'user' | 'stopsignal' | 'maintainer' | 'onbuild';
  readonly text: RawText;
}

/** Words. */
export interface ListInstruction extends Base {
  readonly kind: 'expose' | 'volume';
  /** Of VOLUME's JSON form the decoded strings, each quoted so that it is one word. EXPOSE's may become several by expansion. */
  readonly words: readonly RawText[];
}

export interface CommandInstruction extends Base {
  readonly kind: 'cmd' | 'entrypoint';
  readonly command: Command;
}

export interface ShellInstruction extends Base {
  readonly kind: 'shell';
  readonly args: readonly string[];
}

export interface HealthcheckInstruction extends Base {
  readonly kind: 'healthcheck';
  /** Absent for NONE. */
  readonly command?: Command;
  /** Nanoseconds; absent where not given. */
  readonly interval?: number;
  readonly timeout?: number;
  readonly startPeriod?: number;
  readonly startInterval?: number;
  readonly retries?: number;
}

/** What may stand in a stage. */
export type StepInstruction =
  | ArgInstruction
  | RunInstruction
  | CopyInstruction
  | EnvInstruction
  | TextInstruction
  | ListInstruction
  | CommandInstruction
  | ShellInstruction
  | HealthcheckInstruction;

/** A stage as it was written. */
export interface DockerfileStage {
  readonly index: number;
  readonly from: FromInstruction;
  readonly steps: readonly StepInstruction[];
}

export interface Dockerfile {
  /** Backslash, or what the directive says. */
  readonly escape: string;
  /** Those before the first FROM. */
  readonly globals: readonly ArgInstruction[];
  /** At least one. */
  readonly stages: readonly DockerfileStage[];
}
