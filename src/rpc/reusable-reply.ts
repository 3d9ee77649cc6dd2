// Replies that are long, or given more than once: serialised only once, a slice at a time.
import { setImmediate as nextTurn } from 'node:timers/promises';

/** The JSON of an object; bytes where they are kept. */
export type JsonText = string | Buffer;

interface Kept {
  bytes?: Promise<Buffer>;
}

const kept = new WeakMap<object, Kept>();

/** Elements of a list that are serialised before other callers get their turn: about a millisecond's worth. */
const sliceLength = 256;

/**
 * Marks a reply that the same method will return again, unchanged: its bytes are made once and kept as long as the
 * object. A list of 10,000 images then costs one write. The reply must not be changed afterwards.
 */
export function reusable<T extends object>(reply: T): T {
  if (!kept.has(reply)) kept.set(reply, {});
  return reply;
}

/**
 * A reply of one list that would be too large as objects: each batch is serialised when it comes, and only its bytes stay. The object stands
 * for the reply, and its list is empty. Items are written as they are: the interface has to declare their fields by these names.
 */
export async function gathered<Name extends string, Item extends object>(
  name: Name,
  batches: AsyncIterable<readonly Item[]>,
): Promise<Readonly<Record<Name, readonly Item[]>>> {
  const pieces: Buffer[] = [];
  let before = `{${JSON.stringify(name)}:[`;
  for await (const batch of batches) {
    if (batch.length === 0) continue;
    pieces.push(Buffer.from(before + JSON.stringify(batch).slice(1, -1)));
    before = ',';
  }
  pieces.push(Buffer.from(pieces.length === 0 ? `${before}]}` : ']}'));
  const reply = { [name]: [] } as unknown as Readonly<Record<Name, readonly Item[]>>;
  kept.set(reply, { bytes: Promise.resolve(Buffer.concat(pieces)) });
  return reply;
}

/** The JSON text of a reply, which `write` turns into its form on the wire. */
export function serialize(reply: object, write: (reply: object) => object): string | Promise<Buffer> {
  const keep = kept.get(reply);
  if (keep === undefined) return JSON.stringify(write(reply));
  keep.bytes ??= serializeInSlices(write(reply));
  return keep.bytes;
}

/** The same bytes as JSON.stringify gives, without holding the thread for the whole of a long list. */
async function serializeInSlices(wire: object): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let text = '{';
  for (const [name, value] of Object.entries(wire) as [string, unknown][]) {
    if (value === undefined) continue;
    if (text !== '{' || pieces.length > 0) text += ',';
    text += `${JSON.stringify(name)}:`;
    if (!Array.isArray(value) || value.length <= sliceLength) {
      text += JSON.stringify(value);
      continue;
    }
    for (let at = 0; at < value.length; at += sliceLength) {
      const slice = JSON.stringify(value.slice(at, at + sliceLength)).slice(1, -1);
      pieces.push(Buffer.from(`${text}${at === 0 ? '[' : ','}${slice}`));
      text = '';
      await nextTurn();
    }
    text = ']';
  }
  pieces.push(Buffer.from(`${text}}`));
  return Buffer.concat(pieces);
}
