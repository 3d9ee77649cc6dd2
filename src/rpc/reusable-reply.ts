// Replies that are given more than once and serialised only once.

interface Kept {
  wire?: object;
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

/** The wire form of a reply, made by `write` only once if the reply is reusable. */
export function wireForm(reply: object, write: () => object): object {
  const keep = kept.get(reply);
  if (keep === undefined) return write();
  keep.wire ??= reusable(write());
  return keep.wire;
}

/** The JSON text of a reply; bytes if it is reusable. */
export function serialize(reply: object): string | Buffer {
  const keep = kept.get(reply);
  if (keep === undefined) return JSON.stringify(reply);
  keep.bytes ??= Buffer.from(JSON.stringify(reply));
  return keep.bytes;
}
