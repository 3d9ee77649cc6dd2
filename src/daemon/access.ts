// Who may do what at the moment: the rules of the file, read at the start and at every SIGHUP.
import { parseAddress } from '../rpc/address.js';
import { permitBy } from '../service/access.js';
import { AccessRules } from '../service/access-rules.js';
import { messageOf } from '../runtime/errors.js';
import type { Permit } from '../rpc/index.js';
import { AccessFileError, readAccessFile } from './access-file.js';
import type { Log } from './log.js';
import type { DaemonOptions } from './options.js';

type AccessOptions = Pick<DaemonOptions, 'access' | 'environment' | 'uid'>;

/** The rules, which a change of the file replaces for the next call of everybody. */
export class Access {
  readonly #options: AccessOptions;
  readonly #log: Log;
  #rules: AccessRules;
  #hasFile: boolean;
  #reloading: Promise<void> = Promise.resolve();

  private constructor(options: AccessOptions, log: Log, file: Awaited<ReturnType<typeof readFile>>) {
    this.#options = options;
    this.#log = log;
    this.#hasFile = file !== undefined;
    this.#rules = new AccessRules(options.uid, file);
  }

  /** Throws {@link AccessFileError}: without the rules that were meant nobody is to be served. */
  static async open(options: AccessOptions, log: Log): Promise<Access> {
    return new Access(options, log, await readFile(options, options.access?.required === true));
  }

  get hasFile(): boolean {
    return this.#hasFile;
  }

  /** What stands before every method. */
  readonly permit: Permit = permitBy(() => this.#rules);

  /** Reads the file again; one that cannot be used, or is gone, leaves the rules as they are. Never rejects. */
  async reload(): Promise<void> {
    this.#reloading = this.#reloading.then(() => this.#reload());
    await this.#reloading;
  }

  async #reload(): Promise<void> {
    const { access, uid } = this.#options;
    try {
      // That it is gone does not mean that everybody may do everything from now on.
      const file = await readFile(this.#options, this.#hasFile || access?.required === true);
      this.#rules = new AccessRules(uid, file);
      this.#hasFile = file !== undefined;
      this.#log.info(
        file === undefined ? 'access: there is no file of rules' : `access: ${file.path} was read again`,
      );
    } catch (error) {
      this.#log.error(`access: the rules stay as they were: ${messageOf(error)}`, error);
    }
  }
}

async function readFile({ access, ...options }: AccessOptions, required: boolean) {
  if (access === undefined) return undefined;
  const file = await readAccessFile(access.path, options, AbortSignal.timeout(30_000));
  if (file === undefined && required) throw new AccessFileError(access.path, 'there is no such file');
  return file;
}

/** What an operator may not have meant with its addresses. */
export function exposures(
  { addresses, jsonrpc }: Pick<DaemonOptions, 'addresses' | 'jsonrpc'>,
  { hasFile }: Access,
): readonly string[] {
  return [...addresses, ...jsonrpc].flatMap((text) => {
    const address = parseAddress(text);
    if (address.kind === 'tcp' && address.role === undefined)
      return [`${text}: nobody may do anything there without ;role=`];
    if (address.kind === 'tls' && address.role === undefined && !hasFile)
      return [`${text}: nobody may do anything there without ;role= or a file of rules with [names]`];
    const everybody = address.kind === 'unix' && (address.mode & 0o002) !== 0;
    if (everybody && !hasFile && (address.role ?? 'admin') === 'admin')
      return [`${text}: every user of this host may do everything there; ;role=read is less`];
    return [];
  });
}
