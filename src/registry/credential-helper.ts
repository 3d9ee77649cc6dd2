// docker-credential-NAME: programs that keep credentials elsewhere.
import { once } from 'node:events';
import { startChild } from '../sys/child.js';
import type { Credentials } from './credentials.js';

/** A helper that is missing or fails; never quotes what it printed on success. */
export class CredentialHelperError extends Error {
  override readonly name = 'CredentialHelperError';
  readonly code = 'CREDENTIAL_HELPER';
}

const maxOutput = 1024 * 1024;
const timeout = 30_000;

/** Asks a helper for the credentials of a host; undefined: it has none. Throws {@link CredentialHelperError}. */
export async function askHelper(
  name: string,
  host: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
    throw new CredentialHelperError(`invalid name of a credential helper: ${JSON.stringify(name)}`);
  }
  const program = `docker-credential-${name}`;
  const { status, output, errors } = await run(program, `${host}\n`, env, signal);
  const complaint = (output + errors).trim();
  if (status !== 0) {
    if (complaint.includes('credentials not found in native keychain')) return undefined;
    const reason = complaint.split('\n', 1)[0]!.slice(0, 200);
    throw new CredentialHelperError(`credential helper ${program} failed: ${reason || `status ${status}`}`);
  }
  return parseAnswer(program, output);
}

function parseAnswer(program: string, output: string): Credentials | undefined {
  let fields: { readonly Username?: unknown; readonly Secret?: unknown } | null;
  try {
    fields = JSON.parse(output) as typeof fields;
  } catch {
    throw new CredentialHelperError(`credential helper ${program} answered no JSON`);
  }
  const { Username: username, Secret: secret } = fields ?? {};
  if (typeof username !== 'string' || typeof secret !== 'string') return undefined;
  if (username === '<token>') return { kind: 'identity-token', token: secret };
  return username === '' && secret === '' ? undefined : { kind: 'password', username, password: secret };
}

async function run(
  program: string,
  input: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<{ status: number | null; output: string; errors: string }> {
  const child = started(program, {
    env: { ...env },
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
    // Nobody waits for one that does not end by itself.
    killSignal: 'SIGKILL',
  });
  const texts = { output: '', errors: '' };
  const collect = (key: keyof typeof texts) => (text: string) => {
    if (texts[key].length < maxOutput) texts[key] += text;
  };
  child.stdout.setEncoding('utf8').on('data', collect('output'));
  child.stderr.setEncoding('utf8').on('data', collect('errors'));
  // A helper that does not read what it is asked closes the pipe; its status tells the rest.
  child.stdin.on('error', () => undefined).end(input);
  try {
    const [status] = (await once(child, 'close')) as [number | null];
    return { status, ...texts };
  } catch (cause) {
    signal.throwIfAborted();
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = missing ? 'executable file not found in $PATH' : (cause as Error).message;
    throw new CredentialHelperError(`credential helper ${program} failed: ${reason}`, { cause });
  }
}

function started(program: string, options: Parameters<typeof startChild>[2]): ReturnType<typeof startChild> {
  try {
    return startChild(program, ['get'], options);
  } catch (cause) {
    throw new CredentialHelperError(`credential helper ${program} failed: ${(cause as Error).message}`, {
      cause,
    });
  }
}
