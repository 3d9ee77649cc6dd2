import { deflateRawSync, deflateSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { SignatureRefusedError } from '../../src/signature/errors.js';
import { plainMessage } from '../../src/signature/openpgp-message.js';

/** A packet with its length in one, two or four bytes, or in five in the new form. */
function packet(tag: number, body: Buffer, form: 1 | 2 | 4 | 5 = 4): Buffer {
  if (form === 5) {
    const header = Buffer.from([0xc0 | tag, 0xff, 0, 0, 0, 0]);
    header.writeUInt32BE(body.length, 2);
    return Buffer.concat([header, body]);
  }
  const header = Buffer.alloc(1 + form);
  header[0] = 0x80 | (tag << 2) | { 1: 0, 2: 1, 4: 2 }[form];
  header.writeUIntBE(body.length, 1, form);
  return Buffer.concat([header, body]);
}

const onePass = packet(4, Buffer.alloc(13), 1);
const literal = packet(11, Buffer.from('b\0\0\0\0\0text'), 2);
const signature = packet(2, Buffer.alloc(70), 5);
const signed = Buffer.concat([onePass, literal, signature]);
/** A compressed packet without a length, as gpg writes it. */
const packed = (algorithm: number, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0xa3, algorithm]), body]);

describe('a signed message', () => {
  it.each<[string, Buffer]>([
    ['one-pass, text, signature', signed],
    ['signature, text', Buffer.concat([signature, literal])],
  ])('is left as it is: %s', (_, message) => {
    expect(plainMessage(message)).toEqual(message);
  });

  it.each<[string, Buffer]>([
    ['ZIP', packed(1, deflateRawSync(signed))],
    ['ZLIB', packed(2, deflateSync(signed))],
    ['nothing', packed(0, signed)],
    ['ZIP with a length', packet(8, Buffer.concat([Buffer.from([1]), deflateRawSync(signed)]))],
  ])('is unzipped: %s', (_, message) => {
    expect(plainMessage(message)).toEqual(signed);
  });

  it('may have its text in parts', () => {
    const parts = Buffer.concat([
      Buffer.from([0xcb, 0xe9]),
      Buffer.alloc(512, 'x'),
      Buffer.from([2]),
      Buffer.from('yz'),
    ]);
    const message = Buffer.concat([onePass, parts, signature]);
    expect(plainMessage(message)).toEqual(message);
  });

  it('is left to gpg where it is bzip2', () => {
    const message = packed(3, Buffer.from('BZh9'));
    expect(plainMessage(message)).toBe(message);
  });

  it.each<[string, Buffer, string]>([
    ['text behind it', Buffer.concat([signed, Buffer.from('x')]), 'data behind the message'],
    ['zeros behind it', Buffer.concat([signed, Buffer.alloc(2)]), 'data behind the message'],
    ['a packet behind it', Buffer.concat([signed, literal]), 'signed text count 2'],
    ['a key behind it', Buffer.concat([signed, packet(6, Buffer.alloc(9))]), 'unexpected packets'],
    ['another message behind it', Buffer.concat([signed, signed]), 'signature count 2'],
    [
      'data behind its compression',
      packed(1, Buffer.concat([deflateRawSync(signed), Buffer.from('x')])),
      'data behind the message',
    ],
    [
      'another message behind its compression',
      packed(2, Buffer.concat([deflateSync(signed), packed(2, deflateSync(signed))])),
      'data behind the message',
    ],
    [
      'a packet behind a compressed one',
      Buffer.concat([packet(8, Buffer.concat([Buffer.from([1]), deflateRawSync(signed)])), literal]),
      'data behind the message',
    ],
    ['two signatures', Buffer.concat([onePass, onePass, literal, signature, signature]), 'signature count 2'],
    ['no signature', literal, 'signature count 0'],
    ['a signature without text', signature, 'signed text count 0'],
    ['compression in compression', packed(1, deflateRawSync(packed(0, signed))), 'signature count 0'],
    ['an unknown compression', packed(9, signed), 'unknown compression 9'],
    ['broken compression', packed(1, Buffer.from('xxxx')), 'cannot be unzipped'],
    ['a bomb', packed(1, deflateRawSync(Buffer.alloc(64 * 1024 * 1024))), 'cannot be unzipped'],
    ['too many bytes', Buffer.alloc(2 * 1024 * 1024, 0xa3), 'more than'],
    ['too many packets', Buffer.concat(Array.from({ length: 100 }, () => literal)), 'too many packets'],
    ['too many parts', Buffer.concat([Buffer.from([0xcb]), Buffer.alloc(40_000, 0xe0)]), 'too many parts'],
  ])('is refused with %s', (_, message, reason) => {
    expect(() => plainMessage(message)).toThrow(SignatureRefusedError);
    expect(() => plainMessage(message)).toThrow(reason);
  });

  it('is refused wherever it is cut off', () => {
    for (let length = 1; length < signed.length; length += 1) {
      expect(() => plainMessage(signed.subarray(0, length))).toThrow(SignatureRefusedError);
    }
  });

  it('is taken apart or refused, whatever it is', () => {
    const outcome = (message: Buffer): unknown => {
      try {
        return plainMessage(message);
      } catch (error) {
        return error;
      }
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(2), (bytes, algorithm) => {
        for (const message of [Buffer.from(bytes), packed(algorithm, Buffer.from(bytes))]) {
          const result = outcome(message);
          expect(Buffer.isBuffer(result) || result instanceof SignatureRefusedError).toBe(true);
        }
      }),
    );
  });
});
