// A GnuPG ring of the tests, in a directory of its own, with an agent that is ended with it.
import { join } from 'node:path';

import { removeTree, temporaryDirectory } from './files.js';
import { output } from './process.js';

/** How a key is made. */
export interface KeyOptions {
  /** `ed25519` when absent. */
  readonly algorithm?: string;
  /** As gpg writes it: `1y`, `seconds=1`; never when absent. */
  readonly expires?: string;
}

export class GpgRing {
  readonly directory: string;
  /** Variables for programs that sign with this ring. */
  readonly environment: NodeJS.ProcessEnv;

  private constructor(directory: string) {
    this.directory = directory;
    this.environment = { GNUPGHOME: directory, PATH: process.env['PATH'] };
  }

  static async create(): Promise<GpgRing> {
    return new GpgRing(await temporaryDirectory('gpg'));
  }

  /** Makes a key without a passphrase; returns its fingerprint. */
  async key(name: string, { algorithm = 'ed25519', expires = '0' }: KeyOptions = {}): Promise<string> {
    const user = `${name} <${name}@example.com>`;
    await this.gpg('--passphrase', '', '--quick-generate-key', user, algorithm, 'sign', expires);
    return (await this.#fingerprints(name))[0] ?? '';
  }

  /** Adds a subkey that signs; returns its fingerprint. */
  async subkey(name: string): Promise<string> {
    const [fingerprint = ''] = await this.#fingerprints(name);
    await this.gpg('--passphrase', '', '--quick-add-key', fingerprint, 'ed25519', 'sign', '0');
    return (await this.#fingerprints(name)).at(-1) ?? '';
  }

  /** Writes public keys to a file of the ring's directory; returns its path. */
  async exported(...names: readonly string[]): Promise<string> {
    const path = join(this.directory, `${names.join('-')}.gpg`);
    await this.gpg('--yes', '--output', path, '--export', ...names);
    return path;
  }

  /** Takes back a key's word, with the certificate that was made along with it. */
  async revoke(fingerprint: string): Promise<void> {
    const certificate = join(this.directory, 'openpgp-revocs.d', `${fingerprint}.rev`);
    // A colon keeps it from being used by mistake.
    await output('sed', ['-i', 's/^:-----BEGIN/-----BEGIN/', certificate]);
    await this.gpg('--import', certificate);
  }

  async gpg(...args: readonly string[]): Promise<string> {
    return await output('gpg', ['--batch', '--quiet', ...args], { env: this.environment });
  }

  async close(): Promise<void> {
    await output('gpgconf', ['--kill', 'all'], { env: this.environment });
    await removeTree(this.directory);
  }

  async #fingerprints(name: string): Promise<readonly string[]> {
    const listing = await this.gpg('--with-colons', '--list-keys', `${name}@example.com`);
    return [...listing.matchAll(/^fpr:+([0-9A-F]+):/gm)].map(([, fingerprint = '']) => fingerprint);
  }
}
