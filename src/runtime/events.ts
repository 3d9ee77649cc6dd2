// The events file that Podman's tools read too: one JSON line for each thing done to an image (images-and-transports §11).
import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

export type ImageEventStatus = 'pull' | 'tag' | 'untag' | 'remove';

export interface ImageEvent {
  readonly status: ImageEventStatus;
  readonly id: string;
  /** The image's first name, empty when it has none. */
  readonly name: string;
}

/** What takes a write lock on `path` while `work` runs. */
export type LockedWork = (path: string, work: () => Promise<void>, signal?: AbortSignal) => Promise<void>;

/** Appends image events to a file under the lock that its other writers take. */
export class EventLog {
  readonly #path: string | undefined;
  readonly #withLock: LockedWork;
  readonly #warn: (message: string) => void;

  /** Without a `path` events are dropped. */
  constructor(path: string | undefined, withLock: LockedWork, warn: (message: string) => void) {
    this.#path = path;
    this.#withLock = withLock;
    this.#warn = warn;
  }

  /** Never fails: an event that cannot be written is a warning, the operation it tells of has happened. */
  async write(event: ImageEvent): Promise<void> {
    const path = this.#path;
    if (path === undefined) return;
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await this.#withLock(`${path}.lock`, () => appendFile(path, eventLine(event, new Date()), { mode: 0o700 }));
    } catch (error) {
      this.#warn(`event ${event.status} of image ${event.id} was not written to ${path}: ${(error as Error).message}`);
    }
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
