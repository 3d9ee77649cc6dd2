import { describe, expect, it } from '@jest/globals';
import { digestAlgorithm, digestHex, parseDigest, sha256Digest } from '../../src/oci/digest.js';

const hex = '0123456789abcdef'.repeat(4);

describe('a digest', () => {
  it.each([`sha256:${hex}`, `sha384:${hex.slice(32)}${hex}`, `sha512:${hex}${hex}`])('can be %s', (text) => {
    const digest = parseDigest(text);
    expect(`${digestAlgorithm(digest)}:${digestHex(digest)}`).toBe(text);
  });

  it('is made of the hex form of a sum', () => {
    expect(sha256Digest(hex)).toBe(`sha256:${hex}`);
  });

  it.each([
    ['', 'invalid checksum digest format'],
    [hex, 'invalid checksum digest format'],
    ['sha256:', 'invalid checksum digest format'],
    [`:${hex}`, 'invalid checksum digest format'],
    [`SHA256:${hex}`, 'invalid checksum digest format'],
    [`sha256:${hex.toUpperCase()}`, 'invalid checksum digest format'],
    [`sha256:${hex.slice(1)}g`, 'invalid checksum digest format'],
    [`sha256:../${hex}`, 'invalid checksum digest format'],
    [`sha256:${hex}\n`, 'invalid checksum digest format'],
    ['sha256:abc', 'invalid checksum digest length'],
    [`sha256:${hex}0`, 'invalid checksum digest length'],
    [`sha512:${hex}`, 'invalid checksum digest length'],
    [`md5:${hex.slice(32)}`, 'unsupported digest algorithm'],
  ])('cannot be %j: %s', (text, reason) => {
    expect(() => parseDigest(text)).toThrow(expect.objectContaining({ name: 'DigestError', reason }));
  });
});
