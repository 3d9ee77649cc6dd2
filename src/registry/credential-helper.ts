// docker-credential-NAME: programs that keep credentials elsewhere.
import { ProgramError, runProgram, type ProgramEnd } from '../sys/run-program.js';
import type { Credentials } from './credentials.js';

/** A helper that is missing or fails; never quotes what it printed on success. */
export class CredentialHelperError extends Error {
  override readonly name = 'CredentialHelperError';
  readonly code = 'CREDENTIAL_HELPER';
}

const timeout = 30_000;
const maxText = 1024 * 1024;

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
  const { exitCode, output, errors } = await run(program, host, env, signal);
  const complaint = (output + errors).trim();
  if (exitCode !== 0) {
    if (complaint.includes('credentials not found in native keychain')) return undefined;
    const reason = complaint.split('\n', 1)[0]!.slice(0, 200);
    throw new CredentialHelperError(`credential helper ${program} failed: ${reason || `status ${exitCode}`}`);
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
  host: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<ProgramEnd> {
  try {
    return await runProgram(program, ['get'], { env, timeout, input: `${host}\n`, maxText }, signal);
  } catch (cause) {
    if (!(cause instanceof ProgramError)) throw cause;
    throw new CredentialHelperError(`credential helper ${program} failed: ${cause.reason}`, { cause });
  }
}
