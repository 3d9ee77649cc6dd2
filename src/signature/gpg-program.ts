// gpg as a program: bytes in, bytes and status lines out, gone when this returns.
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

export type Environment = Readonly<Record<string, string | undefined>>;

/** gpg is not there, does not end, or says more than it has to. */
export class GpgError extends Error {
  override readonly name = 'GpgError';
  readonly code = 'GPG';
  /** There is no such program. */
  readonly missing: boolean;
  constructor(message: string, options?: ErrorOptions & { readonly missing?: boolean }) {
    super(message, options);
    this.missing = options?.missing ?? false;
  }
}

/** What gpg had to say. */
export interface GpgAnswer {
  /** Zero when all went well; negative where a signal ended it. */
  readonly exitCode: number;
  readonly output: Buffer;
  /** The lines for programs, each in its words: `GOODSIG`, key id, user id … */
  readonly status: readonly (readonly string[])[];
  /** The first line for people. */
  readonly complaint: string;
}

/** Milliseconds after which it is ended. */
const timeout = 60_000;
const maxOutput = 1024 * 1024;
const maxStatus = 1024 * 1024;

/** Runs gpg on `input`. Throws {@link GpgError}; whatever happens, the process has ended. */
export async function runGpg(
  args: readonly string[],
  input: Uint8Array,
  environment: Environment,
  signal: AbortSignal,
): Promise<GpgAnswer> {
  signal.throwIfAborted();
  const child = spawn('gpg', ['--batch', '--no-tty', '--quiet', '--status-fd', '3', ...args], {
    // What it says to people is quoted in errors, in one language.
    env: { ...environment, LC_ALL: 'C' },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  let failure: Error | undefined;
  const end = (error: Error): void => {
    failure ??= error;
    child.kill('SIGKILL');
    // What it has started in turn may hold them open.
    for (const stream of child.stdio) stream?.destroy();
  };
  const ended = new Promise<number>((resolve, reject) => {
    // What is not there does not close.
    child.once('error', (error) => (child.pid === undefined ? reject(notStarted(error)) : end(error)));
    child.once('close', (code) => resolve(code ?? -1));
  });
  // Where there are no descriptors left, there are no streams either.
  if ((child.stdio as unknown) === undefined) await ended;
  const output = collect(child.stdout, maxOutput, end);
  const complaints = collect(child.stderr, maxStatus, end);
  const status = collect(child.stdio[3] as Readable, maxStatus, end);
  const onAbort = (): void => end(signal.reason as Error);
  const timer = setTimeout(() => end(new GpgError(`gpg did not end within ${timeout} ms`)), timeout);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    // It may have seen enough before it has read everything.
    child.stdin.on('error', () => undefined).end(input);
    const exitCode = await ended;
    if (failure !== undefined) throw failure;
    return {
      exitCode,
      output: output(),
      status: statusLines(status().toString('utf8')),
      complaint: complaints()
        .toString('utf8')
        .split('\n', 1)[0]!
        .replace(/^gpg: /, '')
        .slice(0, 200),
    };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

function collect(stream: Readable, limit: number, end: (error: Error) => void): () => Buffer {
  const pieces: Buffer[] = [];
  let size = 0;
  stream.on('data', (piece: Buffer) => {
    size += piece.length;
    if (size <= limit) pieces.push(piece);
    else end(new GpgError(`gpg wrote more than ${limit} bytes`));
  });
  return () => Buffer.concat(pieces);
}

function notStarted(cause: Error): GpgError {
  const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
  const reason = missing ? 'executable file not found in $PATH' : cause.message;
  return new GpgError(`gpg: ${reason}`, { cause, missing });
}

function statusLines(text: string): readonly (readonly string[])[] {
  const prefix = '[GNUPG:] ';
  return text
    .split('\n')
    .filter((line) => line.startsWith(prefix))
    .map((line) => line.slice(prefix.length).split(' '));
}
