// The events file that Podman's tools read too: one JSON line for each thing done to an image (images-and-transports §11).
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { lock } from '../sys/lock.js';
import { messageOf } from './errors.js';

export type ImageEventStatus =
  | 'pull'
  | 'push'
  | 'save'
  | 'import'
  | 'loadfromarchive'
  | 'tag'
  | 'untag'
  | 'remove'
  | 'build';

export interface ImageEvent {
  readonly status: ImageEventStatus;
  readonly id: string;
  /** The image's first name, empty when it has none. */
  readonly name: string;
}

/** Other writers hold the lock for one line each. */
const lockTimeout = 5000;

/** Appends image events to a file, under the lock that its other writers take. */
export class EventLog {
  readonly #path: string;
  readonly #warn: (message: string) => void;

  constructor(path: string, warn: (message: string) => void) {
    this.#path = path;
    this.#warn = warn;
  }

  /** Never fails: an event that cannot be written is a warning, what it tells of has happened. */
  async write(event: ImageEvent): Promise<void> {
    try {
      await this.#append(eventLine(event, new Date()));
    } catch (error) {
      this.#warn(`event ${event.status} of image ${event.id} was not written: ${messageOf(error)}`);
    }
  }

  async #append(line: string): Promise<void> {
    const lockPath = `${this.#path}.lock`;
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    await using lockFile = await open(lockPath, 'a', 0o644);
    await lock(lockFile.fd, 'write', lockPath, lockTimeout);
    await using file = await open(this.#path, 'a', 0o700);
    await file.write(line);
  }
}

/** Key order and the keys left out when empty are those of Podman's writer. */
export function eventLine(event: ImageEvent, time: Date): string {
  const { id, name, status } = event;
  const line = {
    ...(id === '' ? {} : { ID: id }),
    ...(name === '' ? {} : { Name: name }),
    Status: status,
    Time: time.toISOString().replace('Z', '000000Z'),
    Type: 'image',
  };
  return `${JSON.stringify(line)}\n`;
}
