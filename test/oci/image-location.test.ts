import { describe, expect, it } from '@jest/globals';
import { parseImageLocation } from '../../src/oci/image-location.js';
import { parseTransportName } from '../../src/oci/transport-name.js';

const parse = (text: string): ReturnType<typeof parseImageLocation> =>
  parseImageLocation(parseTransportName(text));

describe('the place of an image', () => {
  it.each([
    [
      'docker://debian',
      { transport: 'docker', reference: { domain: 'docker.io', path: 'library/debian', tag: 'latest' } },
    ],
    ['dir:/a:b', { transport: 'dir', path: '/a:b' }],
    ['docker-archive:/a.tar', { transport: 'docker-archive', path: '/a.tar', image: {} }],
    ['docker-archive:/a.tar:', { transport: 'docker-archive', path: '/a.tar', image: {} }],
    ['docker-archive:/a.tar:x:1', { transport: 'docker-archive', path: '/a.tar', image: { name: 'x:1' } }],
    ['docker-archive:/a.tar:@0', { transport: 'docker-archive', path: '/a.tar', image: { index: 0 } }],
    ['oci:dir:a/b:c@d', { transport: 'oci', path: 'dir', image: { name: 'a/b:c@d' } }],
    ['oci-archive:/x.tar:@12', { transport: 'oci-archive', path: '/x.tar', image: { index: 12 } }],
    ['containers-storage:debian', { transport: 'containers-storage', name: 'debian' }],
    ['tarball:/a:/b', { transport: 'tarball', paths: ['/a', '/b'] }],
  ])('is read from %s', (text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  it.each([
    ['docker:debian', 'docker: image reference debian does not start with //'],
    ['docker://UPPER', 'repository name must be lowercase'],
    ['docker-archive:', 'it names no path'],
    ['docker-archive:/a:UPPER', 'repository name must be lowercase'],
    [`docker-archive:/a:x@sha256:${'a'.repeat(64)}`, 'a digest names no image in it'],
    ['docker-archive:/a:@x', 'invalid source index @x'],
    ['docker-archive:/a:@-1', 'invalid source index @-1'],
    ['oci:/a:b c', 'Invalid image b c'],
    ['oci:/a:b//c', 'Invalid image b//c'],
    ['dir:', 'it names no path'],
    ['tarball:/a::/b', 'it names no path'],
    ['dir:/a\0b', 'it names no path'],
    ['containers-storage:[overlay@/x]debian', 'only the store of this service'],
  ])('is not in %s', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });
});
