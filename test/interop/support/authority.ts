// An authority of its own with the certificates of a service and of callers, made by openssl as docs/remote.md says.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { output } from './process.js';

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export class Authority {
  readonly cert: string;
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
    this.cert = join(directory, 'ca.crt');
  }

  /** With its files in a new directory. */
  static async make(directory: string): Promise<Authority> {
    await mkdir(directory, { recursive: true });
    const place = ['-keyout', join(directory, 'ca.key'), '-out', join(directory, 'ca.crt')];
    await output('openssl', ['req', '-x509', ...newKey, '-days', '9', '-subj', '/CN=authority', ...place]);
    return new Authority(directory);
  }

  /** For the host `localhost`, or for a caller of this name; `days` may be negative for one that has expired. */
  async issue(name: string, days = 9): Promise<Certificate> {
    const file = (end: string): string => join(this.#directory, `${name}.${end}`);
    const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost'];
    await output('openssl', ['req', ...newKey, ...subject, '-keyout', file('key'), '-out', file('csr')]);
    await writeFile(file('cnf'), 'subjectAltName=DNS:localhost\n');
    const by = ['-CA', this.cert, '-CAkey', join(this.#directory, 'ca.key'), '-CAcreateserial'];
    const what = ['-in', file('csr'), '-out', file('crt'), '-extfile', file('cnf'), '-days', String(days)];
    await output('openssl', ['x509', '-req', ...by, ...what]);
    return { cert: file('crt'), key: file('key') };
  }
}
