import { describe, expect, it } from '@jest/globals';
import { TransportNameError, parseTransportName, transportNameIn } from '../../src/oci/transport-name.js';

describe('a name with a transport', () => {
  it.each([
    ['docker://debian:13', { transport: 'docker', rest: '//debian:13' }],
    ['oci-archive:/tmp/a:b', { transport: 'oci-archive', rest: '/tmp/a:b' }],
    ['dir:', { transport: 'dir', rest: '' }],
  ])('is split at the first colon: %j', (text, parts) => {
    expect(parseTransportName(text)).toEqual(parts);
  });

  it.each([
    ['debian', 'Invalid image name "debian", expected colon-separated transport:reference'],
    ['foo:bar', 'Invalid image name "foo:bar", unknown transport "foo"'],
    ['atomic:x', 'Invalid image name "atomic:x", unknown transport "atomic"'],
    [':x', 'Invalid image name ":x", unknown transport ""'],
  ])('is refused: %j', (text, message) => {
    expect(() => parseTransportName(text)).toThrow(new TransportNameError(message));
  });

  it.each(['debian', 'foo:bar', 'docker:dind', 'localhost:5000/a'])('is not there in %j', (text) => {
    expect(transportNameIn(text)).toBeUndefined();
  });

  it('is there in docker://dind', () => {
    expect(transportNameIn('docker://dind')).toEqual({ transport: 'docker', rest: '//dind' });
  });
});
