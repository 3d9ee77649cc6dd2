// A key ring for one decision: nothing but the keys a policy trusts, in a directory nobody else sees, gone afterwards.
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SignatureRefusedError } from './errors.js';
import { runGpg, type Environment, type GpgAnswer } from './gpg-program.js';
import { plainMessage } from './openpgp-message.js';

/** A message whose signature is right. */
export interface VerifiedMessage {
  readonly content: Buffer;
  /** Of the key that signed, which may be a subkey: 40 digits in capitals. */
  readonly fingerprint: string;
}

/** Open until it is disposed of, which removes the directory. */
export class KeyRing implements AsyncDisposable {
  /** Of the keys themselves, without their subkeys. */
  readonly fingerprints: readonly string[];
  readonly #directory: string;
  readonly #environment: Environment;

  private constructor(directory: string, environment: Environment, fingerprints: readonly string[]) {
    this.#directory = directory;
    this.#environment = environment;
    this.fingerprints = fingerprints;
  }

  /** Takes the public keys in `keys`, each armoured or not. Throws GpgError. */
  static async open(
    keys: readonly Buffer[],
    environment: Environment,
    signal: AbortSignal,
  ): Promise<KeyRing> {
    const directory = await mkdtemp(join(environment['TMPDIR'] || '/tmp', 'imaged-gpg-'));
    try {
      const fingerprints = new Set<string>();
      for (const key of keys) {
        const args = [...isolated(directory), '--import'];
        const { status } = await runGpg(args, key, childEnvironment(environment), signal);
        for (const [word, , fingerprint] of status) {
          if (word === 'IMPORT_OK' && fingerprint !== undefined) fingerprints.add(fingerprint);
        }
      }
      return new KeyRing(directory, environment, [...fingerprints]);
    } catch (error) {
      await remove(directory);
      throw error;
    }
  }

  /** Throws {@link SignatureRefusedError} unless `message` has exactly one signature, which is good now. */
  async verify(message: Buffer, signal: AbortSignal): Promise<VerifiedMessage> {
    const args = [...isolated(this.#directory), '--trust-model', 'always', '--output', '-', '--verify', '-'];
    const plain = plainMessage(message);
    const answer = await runGpg(args, plain, childEnvironment(this.#environment), signal);
    return { content: answer.output, fingerprint: onlySigner(answer) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await remove(this.#directory);
  }
}

/** No settings of the user's, no agent, no network. */
function isolated(directory: string): readonly string[] {
  return [
    '--homedir',
    directory,
    '--no-options',
    '--no-autostart',
    '--no-auto-key-locate',
    '--no-auto-key-retrieve',
    '--disable-dirmngr',
  ];
}

function childEnvironment({ PATH }: Environment): Environment {
  return { PATH };
}

const verdicts: ReadonlyMap<string, string> = new Map([
  ['BADSIG', 'the signature is wrong'],
  ['EXPSIG', 'the signature has expired'],
  ['EXPKEYSIG', 'the key has expired'],
  ['REVKEYSIG', 'the key was revoked'],
  ['ERRSIG', 'the signature cannot be checked'],
]);

function onlySigner({ exitCode, status, complaint }: GpgAnswer): string {
  const lines = (word: string) => status.filter(([first]) => first === word);
  for (const [word, reason] of verdicts) {
    const [line] = lines(word);
    if (line !== undefined) throw invalid(`${reason}${about(line)}`);
  }
  const [valid] = lines('VALIDSIG');
  const count = lines('NEWSIG').length;
  if (count > 1) throw new SignatureRefusedError(`Unexpected GPG signature count ${count}`);
  if (exitCode !== 0 || valid === undefined || lines('GOODSIG').length !== 1) {
    throw invalid(complaint === '' ? 'no signature was found' : complaint);
  }
  const [, fingerprint = ''] = valid;
  if (!/^[0-9A-F]{40,64}$/.test(fingerprint)) throw invalid('the signer is not known');
  return fingerprint;
}

/** `ERRSIG` tells why in numbers: 9 for a key that is not in the ring. */
function about(line: readonly string[]): string {
  const [word, key = ''] = line;
  const unknown = word === 'ERRSIG' && line[6] === '9';
  return unknown ? `: the key ${key} is not trusted` : ` (key ${key})`;
}

function invalid(reason: string): SignatureRefusedError {
  return new SignatureRefusedError(`Invalid GPG signature: ${reason}`);
}

async function remove(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
}
