import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  InvalidReferenceError,
  familiar,
  formatReference,
  parseNamed,
  parseNormalized,
  parseReference,
  preferDigest,
  tagNameOnly,
  trimNamed,
} from '../../src/oci/reference.js';
import { normalized, refused } from './reference-cases.js';

const sha256 = `sha256:${'0123456789abcdef'.repeat(4)}`;

/** The error that `run` throws, undefined if it does not. */
function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

function refusal(text: string, message: string): unknown {
  return expect.objectContaining({ name: 'InvalidReferenceError', code: 'INVALID_REFERENCE', text, message });
}

describe('a normalised reference', () => {
  it.each(normalized)('makes %j into %j, familiar as %j', (text, full, short) => {
    const reference = parseNormalized(text);
    expect(formatReference(reference)).toBe(full);
    expect(familiar(reference)).toBe(short);
    expect(parseNormalized(full)).toEqual(reference);
    expect(parseNamed(full)).toEqual(reference);
  });

  it.each(refused)('refuses %j: %s', (text, message) => {
    expect(errorOf(() => parseNormalized(text))).toEqual(refusal(text, message));
  });

  it('is canonical only in its full form', () => {
    expect(errorOf(() => parseNamed('debian'))).toMatchObject({
      message: 'repository name must be canonical',
    });
    expect(errorOf(() => parseNamed('index.docker.io/library/debian'))).toMatchObject({
      message: 'repository name must be canonical',
    });
  });
});

describe('a reference as it is written', () => {
  it.each([
    ['a', { domain: '', path: 'a' }],
    ['a/b', { domain: 'a', path: 'b' }],
    ['FOO/bar', { domain: 'FOO', path: 'bar' }],
    ['a/b/c:t', { domain: 'a', path: 'b/c', tag: 't' }],
    ['a_b/c', { domain: '', path: 'a_b/c' }],
    ['a:1/b', { domain: 'a:1', path: 'b' }],
    ['a:1', { domain: '', path: 'a', tag: '1' }],
    [`a:t@${sha256}`, { domain: '', path: 'a', tag: 't', digest: sha256 }],
    ['a'.repeat(64), { domain: '', path: 'a'.repeat(64) }],
  ])('takes %j apart without adding anything', (text, parts) => {
    expect(parseReference(text)).toEqual(parts);
  });

  it.each([
    ['', 'repository name must have at least one component'],
    ['Foo', 'repository name must be lowercase'],
    ['foo/Bar', 'repository name must be lowercase'],
    ['\u212aelvin', 'repository name must be lowercase'],
    ['\u0130x', 'repository name must be lowercase'],
    ['Foo Bar', 'invalid reference format'],
    ['a'.repeat(256), 'repository name must not be more than 255 characters'],
    [`b@SHA256:${'a'.repeat(64)}`, 'invalid checksum digest format'],
    [`b@sha256:${'a'.repeat(40)}`, 'invalid checksum digest length'],
  ])('refuses %j: %s', (text, message) => {
    expect(errorOf(() => parseReference(text))).toEqual(refusal(text, message));
  });
});

describe('a reference', () => {
  it('gets a tag only when it has neither tag nor digest', () => {
    expect(formatReference(tagNameOnly(parseNormalized('a')))).toBe('docker.io/library/a:latest');
    expect(formatReference(tagNameOnly(parseNormalized('a:1')))).toBe('docker.io/library/a:1');
    expect(formatReference(tagNameOnly(parseNormalized(`a@${sha256}`)))).toBe(
      `docker.io/library/a@${sha256}`,
    );
  });

  it('loses tag and digest when it is trimmed', () => {
    expect(trimNamed(parseNormalized(`a:1@${sha256}`))).toEqual({ domain: 'docker.io', path: 'library/a' });
  });

  it('keeps the digest alone where it has both', () => {
    expect(formatReference(preferDigest(parseReference(`a:1@${sha256}`)))).toBe(`a@${sha256}`);
    expect(formatReference(preferDigest(parseReference('a:1')))).toBe('a:1');
  });

  const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  const path = fc.array(fc.array(word, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 });
  const anyReference = fc.record(
    {
      domain: fc.oneof(
        fc.constant('localhost'),
        fc.stringMatching(/^[a-zA-Z0-9]{1,9}\.[a-z]{2,3}(:[0-9]{1,5})?$/),
      ),
      path: path.map((parts) => parts.map((words) => words.join('__')).join('/')),
      tag: fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/),
      digest: fc.stringMatching(/^[0-9a-f]{64}$/).map((text) => `sha256:${text}`),
    },
    { requiredKeys: ['domain', 'path'] },
  );

  it('is the same after printing and parsing', () => {
    fc.assert(
      fc.property(anyReference, (reference) => {
        const text = formatReference(reference as ReturnType<typeof parseReference>);
        expect(parseReference(text)).toEqual(reference);
        expect(formatReference(parseNormalized(text))).toBe(text);
      }),
    );
  });

  it('is a reference or a named error, whatever the text', () => {
    const alphabet = fc.constantFrom(...'aA0._-:/@[] \n\0é'.split(''), 'sha256:', 'localhost', '.io');
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 20 }), (parts) => {
        const text = parts.join('');
        const again = (): unknown => parseNormalized(formatReference(parseNormalized(text)));
        expect(errorOf(again) ?? again()).toEqual(
          errorOf(() => parseNormalized(text)) ?? parseNormalized(text),
        );
        expect(errorOf(again) ?? new InvalidReferenceError('', '')).toBeInstanceOf(InvalidReferenceError);
      }),
    );
  });
});
