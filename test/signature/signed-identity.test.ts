import { describe, expect, it } from '@jest/globals';
import { parseNormalized, type Reference } from '../../src/oci/reference.js';
import type { JsonObject } from '../../src/oci/strict-json.js';
import { identityMatches, parseSignedIdentity } from '../../src/signature/signed-identity.js';

const digest = `sha256:${'a'.repeat(64)}`;
const other = `sha256:${'b'.repeat(64)}`;

const exact = { type: 'matchExact' };
const digestOrExact = { type: 'matchRepoDigestOrExact' };
const repository = { type: 'matchRepository' };
const exactReference = { type: 'exactReference', dockerReference: 'quay.io/a/b:1' };
const exactRepository = { type: 'exactRepository', dockerRepository: 'quay.io/a/b' };
const remap = { type: 'remapIdentity', prefix: 'mirror:5000/quay', signedPrefix: 'quay.io' };
const remapHost = { type: 'remapIdentity', prefix: 'mirror:5000', signedPrefix: 'quay.io/proxy' };

describe('a signature is for an image', () => {
  it.each<[JsonObject, string | undefined, string, boolean]>([
    [exact, 'quay.io/a/b:1', 'quay.io/a/b:1', true],
    [exact, 'busybox:1', 'docker.io/library/busybox:1', true],
    [exact, 'quay.io/a/b:1', 'quay.io/a/b:2', false],
    [exact, 'quay.io/a/b:1', 'quay.io/a/b', false],
    [exact, `quay.io/a/b@${digest}`, `quay.io/a/b@${digest}`, true],
    [exact, `quay.io/a/b@${digest}`, 'quay.io/a/b:1', false],
    [exact, undefined, 'quay.io/a/b:1', false],
    [exact, 'quay.io/a/b:1', 'no reference!', false],
    [digestOrExact, 'quay.io/a/b:1', 'quay.io/a/b:1', true],
    [digestOrExact, 'quay.io/a/b:1', 'quay.io/a/b:2', false],
    [digestOrExact, 'quay.io/a/b:1', `quay.io/a/b@${digest}`, false],
    [digestOrExact, `quay.io/a/b@${digest}`, 'quay.io/a/b:1', true],
    [digestOrExact, `quay.io/a/b@${digest}`, `quay.io/a/b@${other}`, true],
    [digestOrExact, `quay.io/a/b@${digest}`, 'quay.io/a/b', false],
    [digestOrExact, `quay.io/a/b@${digest}`, 'quay.io/a/c:1', false],
    [digestOrExact, undefined, 'quay.io/a/b:1', false],
    [repository, 'quay.io/a/b:1', 'quay.io/a/b:2', true],
    [repository, 'quay.io/a/b:1', 'quay.io/a/b', true],
    [repository, 'quay.io/a/b:1', 'quay.io/a/bc:1', false],
    [repository, undefined, 'quay.io/a/b:1', false],
    [exactReference, 'elsewhere/x:9', 'quay.io/a/b:1', true],
    [exactReference, undefined, 'quay.io/a/b:1', true],
    [exactReference, 'quay.io/a/b:1', 'quay.io/a/b:2', false],
    [exactRepository, undefined, 'quay.io/a/b:2', true],
    [exactRepository, 'quay.io/a/b:1', 'quay.io/a/c:1', false],
    [remap, 'mirror:5000/quay/a/b:1', 'quay.io/a/b:1', true],
    [remap, 'mirror:5000/quay/a/b:1', 'mirror:5000/quay/a/b:1', false],
    [remap, 'mirror:5000/quayx/a/b:1', 'mirror:5000/quayx/a/b:1', true],
    [remap, 'quay.io/a/b:1', 'quay.io/a/b:1', true],
    [remap, `mirror:5000/quay/a/b@${digest}`, 'quay.io/a/b:7', true],
    [remapHost, 'mirror:5000/a/b:1', 'quay.io/proxy/a/b:1', true],
    [remapHost, 'mirror:50001/a/b:1', 'quay.io/proxy/a/b:1', false],
    [remap, undefined, 'quay.io/a/b:1', false],
  ])('by %j: image %s, signature for %s: %s', (rule, image, signed, expected) => {
    const reference: Reference | undefined = image === undefined ? undefined : parseNormalized(image);
    expect(identityMatches(parseSignedIdentity(rule, 'rule'), reference, signed)).toBe(expected);
  });
});
