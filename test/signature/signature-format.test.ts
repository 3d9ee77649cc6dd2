import { describe, expect, it } from '@jest/globals';
import { SignatureRefusedError } from '../../src/signature/errors.js';
import { formatSigstore, parseSignature } from '../../src/signature/signature-format.js';

const sigstore = {
  mimeType: 'application/vnd.dev.cosign.simplesigning.v1+json',
  payload: Buffer.from('{"critical":{}}'),
  annotations: { 'dev.cosignproject.cosign/signature': 'AAAA', other: '' },
};
const stored = (json: string): Buffer => Buffer.from(`\0sigstore-json\n${json}`);

const many = Array.from({ length: 101 }, (_, at) => `"${at}":""`).join(',');

describe('a stored signature', () => {
  it.each([0x88, 0x89, 0x90, 0x91, 0xa0, 0xa3, 0xc2, 0xc4, 0xc8])(
    'is an OpenPGP message if it begins with 0x%i',
    (first) => {
      const message = Buffer.from([first, 1, 2]);
      expect(parseSignature(message)).toEqual({ kind: 'simple', message });
    },
  );

  it('may have the name of its format in front', () => {
    const message = Buffer.from([0x90, 1]);
    const named = Buffer.concat([Buffer.from('\0simple-signing\n'), message]);
    expect(parseSignature(named)).toEqual({ kind: 'simple', message });
  });

  it('comes back as it was written', () => {
    expect(parseSignature(formatSigstore(sigstore))).toEqual({ kind: 'sigstore', ...sigstore });
  });

  it('may have null for annotations', () => {
    const parsed = parseSignature(stored('{"mimeType":"x","payload":"","annotations":null}'));
    expect(parsed).toEqual({ kind: 'sigstore', mimeType: 'x', payload: Buffer.alloc(0), annotations: {} });
  });

  it.each<[string, Buffer, string]>([
    ['nothing', Buffer.alloc(0), 'empty signature blob'],
    ['a page', Buffer.from('<html>'), 'unrecognized signature format, starting with binary 0x3c'],
    ['armour', Buffer.from('-----BEGIN PGP MESSAGE-----'), 'starting with binary 0x2d'],
    ['a literal packet', Buffer.from([0xcb, 1, 2]), 'starting with binary 0xcb'],
    ['no line', Buffer.from('\0sigstore-json'), 'invalid signature format, missing newline'],
    ['another format', Buffer.from('\0foo\n'), 'unrecognized signature format "foo"'],
    ['no JSON', stored('x'), 'invalid JSON'],
    ['no type', stored('{"payload":""}'), 'string expected for the signature.mimeType'],
    ['no base64', stored('{"mimeType":"x","payload":"!"}'), 'illegal base64 data in payload'],
    [
      'numbers',
      stored('{"mimeType":"x","payload":"","annotations":{"a":1}}'),
      'strings expected for annotations',
    ],
    [
      'many annotations',
      stored(`{"mimeType":"x","payload":"","annotations":{${many}}}`),
      'too many annotations',
    ],
    ['too much', Buffer.alloc(200_000, 0x90), 'signature has more than 131072 bytes'],
    ['a long line', Buffer.from(`\0${'x'.repeat(1000)}\n`), 'missing newline'],
  ])('is refused if it is %s', (_, bytes, message) => {
    expect(() => parseSignature(bytes)).toThrow(SignatureRefusedError);
    expect(() => parseSignature(bytes)).toThrow(message);
  });
});
