// What every command of imagectl works with.
import type { Lookup } from './bridge/lookup.js';
import type { Stdio } from './bridge/stdio.js';
import type { LiveTerminal } from './progress/live-progress.js';
import type { Destination } from './remote/destination.js';

/** Where lines go; `process.stdout` is one. */
export interface Output extends LiveTerminal {
  readonly isTTY?: boolean;
}

export interface Context {
  /** Which service is meant, and how it is reached; without it, that at `address`. */
  readonly destination?: () => Promise<Destination>;
  /** The user's named connections; absent where there is no place for them. */
  readonly connectionFile?: string | undefined;
  /** Where the service listens, `unix:/run/imaged/io.podman`; `--url` sets it. */
  readonly address: string;
  /** Where services of other interfaces are found. */
  readonly lookup: Lookup;
  /** Standard input and output for what passes bytes on. Asking for it starts to read. */
  readonly stdio: () => Stdio;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Wall clock in milliseconds. */
  readonly now: () => number;
  /** This process as the service sees it: it knows a caller's operations by it. */
  readonly pid: number;
  /** The variables that a command may pass on: build arguments, secrets, proxies. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Told what happens on the way, where that is asked for. */
  readonly debug?: ((line: string) => void) | undefined;
  /** Aborted by Ctrl-C, with the `CommandError` that the run ends with. */
  readonly signal: AbortSignal;
}
