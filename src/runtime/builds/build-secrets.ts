// Secrets of one build, as files that nobody else can read and that lie in memory on most hosts.
import { writeFile } from 'node:fs/promises';
import type { BuildSecret } from '../../build/build-request.js';
import { TempDir, type TempRoot } from '../../sys/temp-dir.js';
import type { BuildInput } from './build-input.js';

/** Disposing removes them. */
export class SecretFiles implements AsyncDisposable {
  readonly secrets: readonly BuildSecret[];
  readonly #directory: TempDir | undefined;

  private constructor(secrets: readonly BuildSecret[], directory: TempDir | undefined) {
    this.secrets = secrets;
    this.#directory = directory;
  }

  static async write(secrets: BuildInput['secrets'], root: TempRoot): Promise<SecretFiles> {
    if (secrets.length === 0) return new SecretFiles([], undefined);
    const directory = await TempDir.create(root);
    try {
      const written: BuildSecret[] = [];
      for (const { id, value } of secrets) {
        const file = directory.addition();
        await writeFile(file, value, { mode: 0o600, flag: 'wx' });
        written.push({ id, file });
      }
      return new SecretFiles(written, directory);
    } catch (error) {
      await directory.remove();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#directory?.remove();
  }
}
