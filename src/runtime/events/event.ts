// One event, and the line of the events file that tells it (images-and-transports §11).
import { instant, localTime } from '../time.js';

export type ImageEventStatus =
  | 'pull'
  | 'push'
  | 'save'
  | 'import'
  | 'loadfromarchive'
  | 'tag'
  | 'untag'
  | 'remove'
  | 'prune'
  | 'build';

/** What was done to an image. */
export interface ImageEvent {
  readonly type?: 'image';
  readonly status: ImageEventStatus;
  readonly id: string;
  /** The image's first name, empty when it has none. */
  readonly name: string;
}

/** What was done to a container, or made of it. */
export interface ContainerEvent {
  readonly type: 'container';
  readonly status: 'commit';
  readonly id: string;
  readonly name: string;
  /** The name of the image it was made from. */
  readonly image: string;
  /** The container's own ones. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** An event as the file has it, whoever wrote it; what it does not have is empty. */
export interface Event {
  /** `container`, `image`, `network`, `pod`, `system`, `volume`, or what newer writers have. */
  readonly type: string;
  readonly status: string;
  readonly id: string;
  readonly name: string;
  /** Of a container: the image it was made from. */
  readonly image: string;
  /** RFC 3339. */
  readonly time: string;
  /** The same in nanoseconds since 1970. */
  readonly at: bigint;
  /** Of a container: its labels. */
  readonly attributes?: Readonly<Record<string, string>>;
}

/** The event of what was done at a time, in nanoseconds since 1970. */
export function eventOf(done: ImageEvent | ContainerEvent, at: bigint): Event {
  const { status, id, name } = done;
  const event = { status, id, name, time: localTime(at), at };
  if (done.type !== 'container') return { ...event, type: 'image', image: '' };
  const { type, image, labels } = done;
  return { ...event, type, image, ...(labels !== undefined && { attributes: labels }) };
}

/** Key order and the keys left out when empty are those of Podman's writer. */
export function printEvent({ type, status, id, name, image, time, attributes }: Event): string {
  const line = {
    ...(id !== '' && { ID: id }),
    ...(image !== '' && { Image: image }),
    ...(name !== '' && { Name: name }),
    Status: status,
    Time: time,
    Type: type,
    ...(attributes !== undefined && { Attributes: attributes }),
  };
  return `${JSON.stringify(line)}\n`;
}

/** Undefined when the line is no event: other programs write there, and one may have died over it. */
export function parseEvent(line: string): Event | undefined {
  const fields = parseObject(line);
  if (fields === undefined) return undefined;
  const text = (key: string): string => {
    const value = fields[key];
    return typeof value === 'string' ? value : '';
  };
  const [type, status, time] = [text('Type'), text('Status'), text('Time')];
  const at = instant(time);
  if (type === '' || status === '' || at === undefined) return undefined;
  const attributes = stringsOf(fields['Attributes']);
  return {
    type,
    status,
    time,
    at,
    id: text('ID'),
    name: text('Name'),
    image: text('Image'),
    ...(attributes !== undefined && { attributes }),
  };
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function stringsOf(value: unknown): Readonly<Record<string, string>> | undefined {
  if (!isObject(value)) return undefined;
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
