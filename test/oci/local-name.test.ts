import { describe, expect, it } from '@jest/globals';
import { decompose, normalizedTag, searchValues, withRegistry } from '../../src/oci/local-name.js';
import { formatReference } from '../../src/oci/reference.js';
import { local } from './reference-cases.js';

describe('a name for a local image', () => {
  it.each(local)('makes %j into %j', (text, full) => {
    expect(formatReference(normalizedTag(text))).toBe(full);
  });

  it('is refused in the words of the plain grammar', () => {
    expect(() => normalizedTag('UPPER')).toThrow('repository name must be lowercase');
    expect(() => normalizedTag('')).toThrow('repository name must have at least one component');
  });
});

describe('a decomposed name', () => {
  const digest = `@sha256:${'b'.repeat(64)}`;
  it.each([
    ['a', { registry: '', name: 'a', tag: 'latest' }],
    ['a:1', { registry: '', name: 'a', tag: '1' }],
    ['a/b', { registry: '', name: 'a/b', tag: 'latest' }],
    ['x.io/a/b', { registry: 'x.io', name: 'a/b', tag: 'latest' }],
    ['localhost/a', { registry: 'localhost', name: 'a', tag: 'latest' }],
    ['x:1/a', { registry: 'x:1', name: 'a', tag: 'latest' }],
    [`a${digest}`, { registry: '', name: 'a', tag: 'none' }],
    [`a:1${digest}`, { registry: '', name: 'a', tag: '1' }],
  ])('is compared by registry, name and tag: %j', (text, values) => {
    expect(searchValues(decompose(text))).toEqual(values);
  });

  it('can be put into a registry', () => {
    expect(formatReference(withRegistry(decompose('a:1'), 'x.io'))).toBe('x.io/a:1');
    expect(formatReference(withRegistry(decompose('a'), 'docker.io'))).toBe('docker.io/library/a');
  });
});
