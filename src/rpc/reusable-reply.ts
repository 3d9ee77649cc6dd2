// Replies that are given more than once and serialised only once.

/** The JSON of an object; bytes where they are kept. */
export type JsonText = string | Buffer;

interface Kept {
  bytes?: Buffer;
}

const kept = new WeakMap<object, Kept>();

/**
 * Marks a reply that the same method will return again, unchanged: its bytes are made once and kept as long as the
 * object. A list of 10,000 images then costs one write. The reply must not be changed afterwards.
 */
export function reusable<T extends object>(reply: T): T {
  if (!kept.has(reply)) kept.set(reply, {});
  return reply;
}

/** The JSON text of a reply, which `write` turns into its form on the wire. */
export function serialize(reply: object, write: (reply: object) => object): JsonText {
  const keep = kept.get(reply);
  if (keep === undefined) return JSON.stringify(write(reply));
  keep.bytes ??= Buffer.from(JSON.stringify(write(reply)));
  return keep.bytes;
}
