// Texts as the bytes that podman's language counts and cuts.

export function encodeBytes(text: string): Buffer {
  return Buffer.from(text);
}

export function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

/** From one byte to another. What is left of a character that was cut becomes `\ufffd`. */
export function sliceBytes(text: string, from: number, to: number): string {
  return Buffer.from(text).subarray(from, to).toString();
}
