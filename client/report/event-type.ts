// An event as the templates of `events` see it, and as its line tells it.
import type { Event } from '../../src/generated/io-podman.js';
import { decode } from '../output/template/decode.js';
import { encode } from '../output/template/encode.js';
import { parseTime, timeText, timeType } from '../output/template/go-time.js';
import { intType, mapOf, namedText, pointerTo, stringType, struct } from '../output/template/go-type.js';
import type { GoValue } from '../output/template/go-type.js';

const eventType = pointerTo(
  struct('events.Event', [
    ['ContainerExitCode', intType, ',omitempty'],
    ['ID', stringType, ',omitempty'],
    ['Image', stringType, ',omitempty'],
    ['Name', stringType, ',omitempty'],
    ['Network', stringType, 'network,omitempty'],
    ['Status', namedText('events.Status')],
    ['Time', timeType],
    ['Type', namedText('events.Type')],
    ['HealthStatus', stringType, 'health_status,omitempty'],
    [
      'Details',
      struct('events.Details', [
        ['ID', stringType],
        ['PodID', stringType, ',omitempty'],
        ['Attributes', mapOf(stringType)],
      ]),
      ',embedded',
    ],
  ]),
);

export function eventValue(event: Event): GoValue {
  const { id, image, name, status, time, type } = event;
  const known = { Image: image, Name: name, Status: status, Time: time, Type: type };
  const value = decode(eventType, known).raw;
  // Not by its name: the details have an id, too, which stays empty.
  return { type: eventType, raw: Object.assign(value as object, { ID: id }) };
}

export function eventJson(event: Event): string {
  return encode(eventValue(event));
}

/** In podman's words: `2024-03-01 00:00:00 +0000 UTC image pull ID NAME`. */
export function eventLine(event: Event, trunc: boolean): string {
  const { image, name, status, type } = event;
  const id = trunc ? event.id.slice(0, 12) : event.id;
  const parsed = parseTime(event.time);
  const start = `${parsed === undefined ? event.time : timeText(parsed)} ${type} ${status}`;
  switch (type) {
    case 'container':
    case 'pod':
      return `${start} ${id} (image=${image}, name=${name})`;
    case 'network':
      return `${start} ${id} (container=${id}, name=${name})`;
    case 'image':
      return `${start} ${id} ${name}`;
    default:
      return name === '' ? start : `${start} ${name}`;
  }
}
