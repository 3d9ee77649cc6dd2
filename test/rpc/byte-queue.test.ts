// The queue of bytes that messages are cut from.
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ByteQueue } from '../../src/rpc/byte-queue.js';

describe('ByteQueue', () => {
  it('gives the messages that were put in, wherever the pieces are cut', () => {
    const message = fc
      .uint8Array({ maxLength: 50 })
      .map((bytes) => Buffer.from(bytes.map((byte) => byte || 1)));
    fc.assert(
      fc.property(
        fc.array(message),
        fc.array(fc.nat(2000)),
        fc.array(fc.boolean()),
        (messages, cuts, early) => {
          const bytes = Buffer.concat(messages.flatMap((text) => [text, Buffer.from([0])]));
          const queue = new ByteQueue(0);
          const taken: string[] = [];
          const takeAll = (): void => {
            for (let text = queue.message(); text !== undefined; text = queue.message())
              taken.push(text.toString('hex'));
          };
          const edges = [
            0,
            ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b),
            bytes.length,
          ];
          for (let i = 1; i < edges.length; i++) {
            queue.push(bytes.subarray(edges[i - 1], edges[i]));
            if (early[i % Math.max(early.length, 1)] === true) takeAll();
          }
          takeAll();
          expect(taken).toEqual(messages.map((text) => text.toString('hex')));
          expect(queue.size).toBe(0);
        },
      ),
    );
  });

  it('gives raw bytes and messages in turn', () => {
    const queue = new ByteQueue(0);
    queue.push(Buffer.from('call\0raw'));
    queue.push(Buffer.from(' bytes\0\0next'));
    queue.push(Buffer.from(' call\0'));
    expect(String(queue.message())).toBe('call');
    let raw = '';
    while (raw.length < 10) raw += String(queue.bytes(10 - raw.length));
    expect(raw).toBe('raw bytes\0');
    expect(String(queue.message())).toBe('');
    expect(String(queue.message())).toBe('next call');
    expect(queue.message()).toBeUndefined();
  });

  // Were all of it copied for each byte, this would be 500 GB.
  it('takes a message that arrives byte by byte', () => {
    const queue = new ByteQueue(0);
    for (let i = 0; i < 1_000_000; i++) queue.push(Buffer.from([65 + (i % 26)]));
    queue.push(Buffer.from([0]));
    const message = queue.message();
    expect(message).toHaveLength(1_000_000);
    expect(message?.toString('latin1', 999_974)).toBe('OPQRSTUVWXYZABCDEFGHIJKLMN');
  });
});
