import { describe, expect, it } from '@jest/globals';
import { digestOf } from '../../src/oci/digest.js';
import { SignatureRefusedError } from '../../src/signature/errors.js';
import { claimTypes, formatClaim, parseClaim } from '../../src/signature/payload.js';

const digest = digestOf(Buffer.from('manifest'));
const reference = 'quay.io/a/b:1';

/** A good document, with changes in its critical part, its optional part and at its top. */
function document(changes: {
  readonly critical?: object;
  readonly optional?: unknown;
  readonly top?: object;
}): string {
  const critical = {
    type: claimTypes.simple,
    image: { 'docker-manifest-digest': digest },
    identity: { 'docker-reference': reference },
    ...changes.critical,
  };
  const optional = 'optional' in changes ? changes.optional : {};
  return JSON.stringify({ critical, optional, ...changes.top });
}

const parse = (text: string, type: string = claimTypes.simple) => parseClaim(Buffer.from(text), type);

describe('what was signed', () => {
  it('is a digest and a name', () => {
    expect(parse(document({}))).toEqual({ digest, reference });
  });

  it.each([
    { creator: 'atomic 5.4', timestamp: 1_600_000_000 },
    { anything: { else: [1, null] } },
    { timestamp: -1 },
  ])('may say more in its optional part: %j', (optional) => {
    expect(parse(document({ optional }))).toEqual({ digest, reference });
  });

  it.each<[string, string]>([
    ['', 'invalid JSON'],
    ['null', 'JSON object expected'],
    ['{}', 'Key "critical" missing in a JSON object'],
    [document({ top: { more: 1 } }), 'Unknown key "more"'],
    [document({ critical: { more: 1 } }), 'Unknown key "more"'],
    [document({ critical: { type: claimTypes.sigstore } }), 'Unrecognized signature type cosign'],
    [document({ critical: { type: 1 } }), 'string expected'],
    [document({ critical: { image: {} } }), 'Key "docker-manifest-digest" missing in a JSON object'],
    [document({ critical: { image: { 'docker-manifest-digest': digest, more: 1 } } }), 'Unknown key "more"'],
    [
      document({ critical: { image: { 'docker-manifest-digest': 'sha256:../x' } } }),
      'invalid docker-manifest-digest value',
    ],
    [
      document({ critical: { image: { 'docker-manifest-digest': 'md5:d41d8cd98f00b204e9800998ecf8427e' } } }),
      'unsupported digest algorithm',
    ],
    [document({ critical: { identity: { 'docker-reference': 1 } } }), 'string expected'],
    [document({ critical: { identity: {} } }), 'Key "docker-reference" missing in a JSON object'],
    [document({ optional: null }), 'JSON object expected'],
    [document({ optional: [] }), 'JSON object expected'],
    [document({ optional: { creator: 1 } }), 'string expected'],
    [document({ optional: { timestamp: 1.5 } }), 'Field optional.timestamp is not an integer'],
    [document({ optional: { timestamp: '1' } }), 'Field optional.timestamp is not an integer'],
    [document({}).replace('"type"', '"type":"x","type"'), 'Duplicate key "type"'],
    [`${document({})}{}`, 'invalid JSON'],
  ])('is refused: %s', (text, message) => {
    expect(() => parse(text)).toThrow(SignatureRefusedError);
    expect(() => parse(text)).toThrow(message);
  });

  it('is not quoted at length', () => {
    const text = document({ top: { ['x'.repeat(100_000)]: 1 } });
    expect(() => parse(text)).toThrow(/^Unknown key "x{400,500}\.\.\.$/);
  });

  it('has no optional part where cosign wrote it', () => {
    const text = document({ critical: { type: claimTypes.sigstore }, optional: null });
    expect(parse(text, claimTypes.sigstore)).toEqual({ digest, reference });
  });

  it('is written as other tools write it', () => {
    const at = new Date(1_600_000_000_999);
    const text = formatClaim({ digest, reference }, claimTypes.simple, { creator: 'imaged', at }).toString();
    expect(text).toBe(
      `{"critical":{"identity":{"docker-reference":"${reference}"},"image":{"docker-manifest-digest":"${digest}"},` +
        `"type":"atomic container signature"},"optional":{"creator":"imaged","timestamp":1600000000}}`,
    );
    expect(parse(text)).toEqual({ digest, reference });
  });
});
