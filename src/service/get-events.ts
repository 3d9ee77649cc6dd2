// GetEvents
import type { Event as EventReply, GetEventsReply } from '../generated/io-podman.js';
import type { CallContext, Stream } from '../rpc/index.js';
import { parseEventQuery, type EventRequest } from '../runtime/events/event-query.js';
import { firstEvent, followEvents } from '../runtime/events/event-stream.js';
import type { Event } from '../runtime/events/event.js';
import type { Runtime } from '../runtime/runtime.js';
import { nanosecondTime } from '../runtime/time.js';

/** Ends a stream, and stands for none: clients of the original stop where time, status and type are all empty. */
const noEvent: EventReply = { id: '', image: '', name: '', status: '', time: '', type: '' };

/** Without `more` the oldest event that is wanted: passing its time as `since` gives the next one. */
export async function* getEvents(
  { events }: Runtime,
  request: EventRequest,
  { more, signal }: CallContext,
): Stream<GetEventsReply> {
  const query = parseEventQuery(request);
  if (!more) {
    const first = await firstEvent(events, query, signal);
    return { events: first === undefined ? noEvent : toReply(first) };
  }
  for await (const event of followEvents(events, query, signal)) yield { events: toReply(event) };
  return { events: noEvent };
}

function toReply({ id, image, name, status, time, type }: Event): EventReply {
  return { id, image, name, status, time: nanosecondTime(time) ?? time, type };
}
