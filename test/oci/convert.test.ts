import { describe, expect, it } from '@jest/globals';
import { parseConfig } from '../../src/oci/config.js';
import { formatIndex, formatManifest, formatOciConfig } from '../../src/oci/convert.js';
import { parseDigest, type Digest } from '../../src/oci/digest.js';
import { parseManifest } from '../../src/oci/manifest.js';
import {
  dockerConfig,
  dockerLayerGzip,
  dockerManifest,
  dockerManifestList,
  ociConfig,
  ociIndex,
  ociLayerGzip,
  ociManifest,
} from '../../src/oci/media-types.js';

const digest = (letter: string): Digest => parseDigest(`sha256:${letter.repeat(64)}`);

describe('a manifest written anew', () => {
  it('has the keys of Docker in their order, and no annotations', () => {
    const bytes = formatManifest({
      mediaType: dockerManifest,
      config: { mediaType: dockerConfig, digest: digest('a'), size: 1, annotations: { x: 'y' } },
      layers: [{ mediaType: dockerLayerGzip, digest: digest('b'), size: 2, urls: ['https://x'] }],
      annotations: { a: 'b' },
    });
    expect(bytes.toString()).toBe(
      `{"schemaVersion":2,"mediaType":"${dockerManifest}","config":{"mediaType":"${dockerConfig}","size":1,` +
        `"digest":"${digest('a')}"},"layers":[{"mediaType":"${dockerLayerGzip}","size":2,` +
        `"digest":"${digest('b')}","urls":["https://x"]}]}`,
    );
  });

  it("has the OCI's keys in their order, annotations sorted", () => {
    const bytes = formatManifest({
      mediaType: ociManifest,
      config: { mediaType: ociConfig, digest: digest('a'), size: 1 },
      layers: [{ mediaType: ociLayerGzip, digest: digest('b'), size: 2, annotations: { n: '1' } }],
      annotations: { b: '<', a: '1' },
    });
    expect(bytes.toString()).toBe(
      `{"schemaVersion":2,"mediaType":"${ociManifest}","config":{"mediaType":"${ociConfig}",` +
        `"digest":"${digest('a')}","size":1},"layers":[{"mediaType":"${ociLayerGzip}",` +
        `"digest":"${digest('b')}","size":2,"annotations":{"n":"1"}}],"annotations":{"a":"1","b":"\\u003c"}}`,
    );
    expect(parseManifest(bytes, ociManifest)).toMatchObject({
      kind: 'image',
      annotations: { a: '1', b: '<' },
    });
  });
});

describe("a config in the OCI's form", () => {
  it('has only its fields, in its order, with maps sorted and times as Go writes them', () => {
    const config = parseConfig(
      Buffer.from(
        JSON.stringify({
          docker_version: '20',
          history: [
            { created: '2020-01-01T00:00:00.100Z', created_by: 'a & b', empty_layer: true },
            { comment: 'c', author: 'x' },
          ],
          config: {
            Labels: { b: '2', a: '1' },
            Cmd: ['sh'],
            Healthcheck: { Test: ['CMD', 'x'] },
            ExposedPorts: { '9/udp': {}, '80/tcp': {} },
            Env: ['A=1'],
            Entrypoint: null,
            WorkingDir: '/w',
            Hostname: 'h',
            ArgsEscaped: true,
          },
          rootfs: { type: 'layers', diff_ids: [digest('d')] },
          os: 'linux',
          variant: 'v8',
          'os.version': '1',
          'os.features': ['x'],
          architecture: 'arm64',
          created: '2020-01-01T00:00:00.120000000Z',
          container: 'x',
        }),
      ),
    );
    expect(formatOciConfig(config).toString()).toBe(
      '{"created":"2020-01-01T00:00:00.12Z","architecture":"arm64","variant":"v8","os":"linux","os.version":"1","os.features":["x"],"config":{' +
        '"ExposedPorts":{"80/tcp":{},"9/udp":{}},"Env":["A=1"],"Cmd":["sh"],"WorkingDir":"/w",' +
        `"Labels":{"a":"1","b":"2"},"ArgsEscaped":true},"rootfs":{"type":"layers","diff_ids":["${digest('d')}"]},` +
        '"history":[{"created":"2020-01-01T00:00:00.1Z","created_by":"a \\u0026 b","empty_layer":true},' +
        '{"author":"x","comment":"c"}]}',
    );
  });
});

describe('an index written anew', () => {
  it('keeps what it says of each image, and its order', () => {
    const index = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: dockerManifestList,
        manifests: [
          {
            mediaType: dockerManifest,
            size: 1,
            digest: digest('a'),
            platform: { architecture: 'arm', os: 'linux', variant: 'v7', features: ['x'] },
          },
          { mediaType: dockerManifest, size: 2, digest: digest('b'), annotations: { k: 'v' } },
        ],
      }),
    );
    const bytes = formatIndex(index, ociIndex, [
      { mediaType: ociManifest, digest: digest('c'), size: 3 },
      { mediaType: ociManifest, digest: digest('d'), size: 4 },
    ]);
    expect(JSON.parse(bytes.toString())).toEqual({
      schemaVersion: 2,
      mediaType: ociIndex,
      manifests: [
        {
          mediaType: ociManifest,
          size: 3,
          digest: digest('c'),
          platform: { architecture: 'arm', os: 'linux', variant: 'v7', features: ['x'] },
        },
        { mediaType: ociManifest, size: 4, digest: digest('d'), annotations: { k: 'v' } },
      ],
    });
  });
});
