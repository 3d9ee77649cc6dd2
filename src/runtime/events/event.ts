// One event, and the line of the events file that tells it (images-and-transports §11).

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

/** Key order and the keys left out when empty are those of Podman's writer. `time` is RFC 3339. */
export function eventLine(event: ImageEvent | ContainerEvent, time: string): string {
  const { id, name, status } = event;
  const container = event.type === 'container' ? event : undefined;
  const line = {
    ...(id !== '' && { ID: id }),
    ...(container !== undefined && container.image !== '' && { Image: container.image }),
    ...(name !== '' && { Name: name }),
    Status: status,
    Time: time,
    Type: event.type ?? 'image',
    ...(container?.labels !== undefined && { Attributes: container.labels }),
  };
  return `${JSON.stringify(line)}\n`;
}
