import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';

import { parseConfig } from '../../src/oci/config.js';
import { parseDigest, type Digest } from '../../src/oci/digest.js';
import { dockerManifest, dockerSchema1, dockerSchema1Signed } from '../../src/oci/media-types.js';
import { hasManifestDigest, manifestDigest, parseSchema1, schema1Config } from '../../src/oci/schema1.js';

const id = (letter: string): string => letter.repeat(64);
const blob = (letter: string): Digest => parseDigest(`sha256:${letter.repeat(64)}`);

interface Step {
  readonly blobSum: string;
  readonly v1: Readonly<Record<string, unknown>>;
}

/** Newest first. */
const steps: readonly Step[] = [
  {
    blobSum: blob('3'),
    v1: {
      id: id('c'),
      parent: id('b'),
      throwaway: true,
      os: 'linux',
      architecture: 'amd64',
      created: '2020-01-03T00:00:00.500Z',
      config: { Cmd: ['/bin/sh', '<&>'], Memory: 1.0 },
      container_config: { Cmd: ['/bin/sh', '-c', '#(nop) CMD'] },
      author: 'me',
    },
  },
  {
    blobSum: blob('2'),
    v1: { id: id('b'), parent: id('a'), created: '2020-01-02T00:00:00Z', comment: 'two' },
  },
  { blobSum: blob('1'), v1: { id: id('a'), container_config: { Cmd: ['ADD', 'x'] } } },
];

function manifest(of: readonly Step[], more: object = {}): Buffer {
  return Buffer.from(
    JSON.stringify(
      {
        schemaVersion: 1,
        name: 'test/app',
        fsLayers: of.map(({ blobSum }) => ({ blobSum })),
        history: of.map(({ v1 }) => ({ v1Compatibility: JSON.stringify(v1) })),
        ...more,
      },
      null,
      3,
    ),
  );
}

/** As Docker signs: the signatures stand in front of the last bracket. */
function signed(payload: Buffer, formatLength = payload.length - 2): Buffer {
  const tail = payload.subarray(payload.length - 2);
  const protection = { formatLength, formatTail: tail.toString('base64url'), time: '2020-01-01T00:00:00Z' };
  const signature = {
    header: {},
    signature: 'x',
    protected: Buffer.from(JSON.stringify(protection)).toString('base64url'),
  };
  return Buffer.concat([
    payload.subarray(0, payload.length - 2),
    Buffer.from(`,\n   "signatures": ${JSON.stringify([signature])}`),
    tail,
  ]);
}

const sha256 = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

describe('a manifest of schema 1', () => {
  it('has its steps base first, the empty ones known', () => {
    const { steps: read } = parseSchema1(manifest(steps), dockerSchema1);
    expect(read).toEqual([
      {
        blob: blob('1'),
        empty: false,
        created: '0001-01-01T00:00:00Z',
        createdBy: 'ADD x',
        author: '',
        comment: '',
      },
      {
        blob: blob('2'),
        empty: false,
        created: '2020-01-02T00:00:00Z',
        createdBy: '',
        author: '',
        comment: 'two',
      },
      {
        blob: blob('3'),
        empty: true,
        created: '2020-01-03T00:00:00.5Z',
        createdBy: '/bin/sh -c #(nop) CMD',
        author: 'me',
        comment: '',
      },
    ]);
  });

  it('becomes the config of the newest step without what only old images have', () => {
    const bytes = schema1Config(parseSchema1(manifest(steps), dockerSchema1), [blob('8'), blob('9')]);
    expect(bytes.toString()).toBe(
      '{"architecture":"amd64","author":"me","config":{"Cmd":["/bin/sh","\\u003c\\u0026\\u003e"],"Memory":1},' +
        '"container_config":{"Cmd":["/bin/sh","-c","#(nop) CMD"]},"created":"2020-01-03T00:00:00.500Z",' +
        '"history":[{"created":"0001-01-01T00:00:00Z","created_by":"ADD x"},' +
        '{"created":"2020-01-02T00:00:00Z","comment":"two"},' +
        '{"created":"2020-01-03T00:00:00.5Z","author":"me","created_by":"/bin/sh -c #(nop) CMD","empty_layer":true}],' +
        `"os":"linux","rootfs":{"type":"layers","diff_ids":["${blob('8')}","${blob('9')}"]}}`,
    );
    expect(parseConfig(bytes).rootfs.diffIds).toEqual([blob('8'), blob('9')]);
  });

  it('counts a step once that is there twice in a row', () => {
    const again = [steps[0], steps[1], steps[1], steps[2]].filter((step) => step !== undefined);
    expect(parseSchema1(manifest(again), dockerSchema1).steps).toHaveLength(3);
  });

  it('has the digest of what was signed', () => {
    const payload = manifest(steps);
    expect(manifestDigest(signed(payload), dockerSchema1Signed)).toBe(sha256(payload));
    expect(manifestDigest(payload, dockerSchema1)).toBe(sha256(payload));
  });

  it('says nothing beside what was signed', () => {
    const payload = manifest(steps, { fsLayers: undefined });
    const layers = JSON.stringify(steps.map(({ blobSum }) => ({ blobSum })));
    const forged = signed(payload).toString().replace('"signatures"', `"fsLayers": ${layers}, "signatures"`);
    expect(() => parseSchema1(Buffer.from(forged), dockerSchema1Signed)).toThrow(
      'length of history not equal to number of layers',
    );
  });

  const [top, middle, base] = steps as readonly [Step, Step, Step];
  it.each([
    ['no JSON', Buffer.from('x'), 'invalid manifest: invalid JSON'],
    ['another version', manifest(steps, { schemaVersion: 2 }), 'unsupported schema version 2'],
    ['fields of schema 2', manifest(steps, { config: {} }), 'unexpected fields config'],
    ['no layers', manifest([]), 'no FSLayers in manifest'],
    [
      'more history than layers',
      manifest(steps, { fsLayers: [] }),
      'length of history not equal to number of layers',
    ],
    [
      'no digest',
      manifest([{ ...base, blobSum: 'sha256:../../x' }]),
      'invalid manifest: invalid checksum digest format',
    ],
    [
      'more layers than anybody has',
      manifest(Array.from({ length: 1001 }, () => base)),
      'fsLayers has more than 1000 entries',
    ],
    ['an odd id', manifest([{ ...base, v1: { id: '../x' } }]), 'image ID "../x" is invalid'],
    ['a base with a parent', manifest([top, middle]), 'Invalid parent ID in the base layer of the image'],
    ['a gap', manifest([top, base]), `Invalid parent ID. Expected ${id('a')}, got ${id('b')}`],
    [
      'a circle',
      manifest([{ ...top, v1: { id: id('a'), parent: id('b') } }, middle, base]),
      `ID ${id('a')} appears multiple times in manifest`,
    ],
  ])('is refused with %s', (_, bytes, message) => {
    expect(() => parseSchema1(bytes, dockerSchema1)).toThrow(message);
  });

  it.each([
    ['more than there is', signed(manifest(steps), 1_000_000)],
    ['nothing', manifest(steps)],
  ])('is refused when the signatures are of %s', (_, bytes) => {
    expect(() => manifestDigest(bytes, dockerSchema1Signed)).toThrow(
      'its signatures do not say what they are of',
    );
  });
});

describe('the digest that a manifest was asked by', () => {
  const payload = manifest(steps);
  it('may be that of what was signed', () => {
    expect(hasManifestDigest(signed(payload), parseDigest(sha256(payload)))).toBe(true);
    expect(hasManifestDigest(payload, parseDigest(sha256(payload)))).toBe(true);
    expect(hasManifestDigest(payload, blob('0'))).toBe(false);
    expect(hasManifestDigest(Buffer.from('x'), blob('0'))).toBe(false);
  });

  it('is that of the bytes for everything that is not said to be signed', () => {
    const digest = parseDigest(sha256(payload));
    expect(hasManifestDigest(signed(payload), digest, dockerManifest)).toBe(false);
    expect(hasManifestDigest(signed(payload), digest, dockerSchema1Signed)).toBe(true);
  });
});
