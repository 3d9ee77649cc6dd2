// The events file that Podman's tools read and write too: one JSON line for each event (images-and-transports §11).
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { wallClock } from '../../sys/clock.js';
import { lock } from '../../sys/lock.js';
import { messageOf } from '../errors.js';
import { eventOf, printEvent, type ContainerEvent, type Event, type ImageEvent } from './event.js';
import type { EventsPlace } from './events-place.js';
import { EventTail } from './event-tail.js';
import { FileWatch } from './file-watch.js';
import { rotateEvents } from './rotate-events.js';

/** Other writers hold the lock for one line each. */
const lockTimeout = 5000;

/** Events are not kept here, by somebody's wish. */
export class NoEventsError extends Error {
  override readonly name = 'NoEventsError';
  readonly code = 'NO_EVENTS';
}

/** Where events go and come from. */
export class EventLog {
  readonly #findPlace: () => Promise<EventsPlace>;
  readonly #warn: (message: string) => void;
  #place: Promise<EventsPlace> | undefined;
  #watch: FileWatch | undefined;

  constructor(findPlace: () => Promise<EventsPlace>, warn: (message: string) => void) {
    this.#findPlace = findPlace;
    this.#warn = warn;
  }

  /** Never fails: an event that cannot be written is a warning, what it tells of has happened. */
  async write(done: ImageEvent | ContainerEvent): Promise<void> {
    const event = eventOf(done, wallClock());
    try {
      const { path, limit } = await this.place();
      if (path === undefined) return;
      await append(path, limit, event);
      this.#watch?.changed();
    } catch (error) {
      const { type, status, id } = event;
      this.#warn(`event ${status} of ${type} ${id} was not written: ${messageOf(error)}`);
    }
  }

  /** Reads the lines there are, or only those that come. Throws {@link NoEventsError}. */
  async read(from: 'start' | 'end'): Promise<EventTail> {
    return await EventTail.open(await this.#readable(), from);
  }

  /** Calls `wake` whenever there may be new lines, until the result is disposed of. Throws {@link NoEventsError}. */
  async follow(wake: () => void): Promise<Disposable> {
    this.#watch ??= new FileWatch(await this.#readable());
    return this.#watch.follow(wake);
  }

  /** As the configuration was when it was first read. */
  async place(): Promise<EventsPlace> {
    this.#place ??= this.#findPlace().catch((error: unknown) => {
      this.#place = undefined;
      throw error;
    });
    return await this.#place;
  }

  async #readable(): Promise<string> {
    const { path } = await this.place();
    if (path !== undefined) return path;
    throw new NoEventsError('cannot read events with the "none" backend: containers.conf has events_logger');
  }
}

/** One line at a time, under the lock that other writers take too. */
async function append(path: string, limit: number, event: Event): Promise<void> {
  const lockPath = `${path}.lock`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await using lockFile = await open(lockPath, 'a', 0o644);
  await lock(lockFile.fd, 'write', lockPath, lockTimeout);
  const line = printEvent(event);
  const rotated = await rotateEvents(path, Buffer.byteLength(line), limit);
  await using file = await open(path, 'a', 0o700);
  if (rotated) await file.write(printEvent(rotation(path, event)));
  await file.write(line);
}

/** What Podman tells of it: as if it had happened with the event that did not fit. */
function rotation(path: string, { time, at }: Event): Event {
  return { type: 'system', status: 'log-rotation', id: '', name: path, image: '', time, at };
}
