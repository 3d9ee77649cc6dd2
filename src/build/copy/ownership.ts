// Owner, mode and time that what is copied gets, whatever its source has.
import type { FileStatus, Timestamp } from '../../sys/files.js';
import { findOwner } from '../root/accounts.js';
import { CopyError } from './copy-errors.js';
import type { CopyRequest, CopySource } from './copy-request.js';
import { parseMode, type ModeChange } from './file-mode.js';

const PERMISSIONS = 0o7777;
const HALF_SECOND = 500_000_000;

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const rootOwner: Owner = { uid: 0, gid: 0 };

/** Made once for an instruction. */
export class Ownership {
  /** Who all of it belongs to, and directories that have to be made. */
  readonly chown: Owner | undefined;
  readonly chmod: ModeChange | undefined;
  /** As it was written. */
  readonly chmodText: string;
  readonly #latest: number;

  /** Throws {@link CopyError} and the errors of {@link findOwner}. */
  constructor(request: CopyRequest, root: number | undefined) {
    this.chown = request.chown === undefined ? undefined : ownerOf(request.chown, root);
    this.chmod = request.chmod === undefined ? undefined : parseMode(request.chmod);
    this.chmodText = request.chmod ?? '';
    this.#latest = request.latest ?? Number.POSITIVE_INFINITY;
  }

  /** Of directories that are made on the way. */
  get madeOwner(): Owner {
    return this.chown ?? rootOwner;
  }

  /** Only the root of another stage or image has owners that mean something. */
  owner(status: Owner, kind: CopySource['kind']): Owner {
    return this.chown ?? (kind === 'stack' ? status : rootOwner);
  }

  mode(status: Pick<FileStatus, 'mode'>, isDirectory: boolean): number {
    const mode = status.mode & PERMISSIONS;
    return this.chmod === undefined ? mode : this.chmod(mode, isDirectory);
  }

  /** Whole seconds, half of one goes up: so the peers have it, whose copies pass through a tar. */
  modified({ seconds, nanoseconds }: Timestamp): Timestamp {
    const rounded = nanoseconds >= HALF_SECOND ? seconds + 1 : seconds;
    return this.notLater({ seconds: rounded, nanoseconds: 0 });
  }

  notLater(time: Timestamp): Timestamp {
    return time.seconds < this.#latest ? time : { seconds: this.#latest, nanoseconds: 0 };
  }
}

function ownerOf(text: string, root: number | undefined): Owner {
  const numbers = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(text);
  if (root === undefined) {
    if (numbers === null) throw new CopyError(`looking up UID/GID for ${JSON.stringify(text)}: no such user`);
    const uid = Number(numbers[1]);
    return { uid, gid: numbers[2] === undefined ? uid : Number(numbers[2]) };
  }
  return findOwner(root, text);
}
