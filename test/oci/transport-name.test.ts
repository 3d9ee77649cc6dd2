import { describe, expect, it } from '@jest/globals';
import { TransportNameError, parseTransportName } from '../../src/oci/transport-name.js';

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
});
