// The events file that Podman's tools read and write too: one JSON line for each event (images-and-transports §11).
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { wallClock } from '../../sys/clock.js';
import { lock } from '../../sys/lock.js';
import { messageOf } from '../errors.js';
import { localTime } from '../time.js';
import { eventLine, type ContainerEvent, type ImageEvent } from './event.js';

/** Other writers hold the lock for one line each. */
const lockTimeout = 5000;

/** Appends events to a file, under the lock that its other writers take. */
export class EventLog {
  readonly #path: string;
  readonly #warn: (message: string) => void;

  constructor(path: string, warn: (message: string) => void) {
    this.#path = path;
    this.#warn = warn;
  }

  /** Never fails: an event that cannot be written is a warning, what it tells of has happened. */
  async write(event: ImageEvent | ContainerEvent): Promise<void> {
    try {
      await this.#append(eventLine(event, localTime(wallClock())));
    } catch (error) {
      const { type = 'image', status, id } = event;
      this.#warn(`event ${status} of ${type} ${id} was not written: ${messageOf(error)}`);
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
