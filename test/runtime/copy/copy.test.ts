import { describe, expect, it } from '@jest/globals';
import { digestOf } from '../../../src/oci/digest.js';
import { parseManifest } from '../../../src/oci/manifest.js';
import {
  dockerManifest,
  ociIndex,
  ociLayer,
  ociLayerZstd,
  ociManifest,
} from '../../../src/oci/media-types.js';
import { copyAll } from '../../../src/runtime/copy/copy-index.js';
import { copyImage, type CopyOptions } from '../../../src/runtime/copy/copy.js';
import type { ImageSource } from '../../../src/runtime/copy/image-source.js';
import { PolicyError } from '../../../src/runtime/errors.js';
import { Operation } from '../../../src/runtime/operation.js';
import { diffIdOf, RememberingSink, sample, sampleSource } from '../copy-parts.js';

const options: CopyOptions = {
  platform: { os: 'linux', architecture: 'amd64' },
  gate: { admit: async () => undefined },
  signatures: 'keep',
};
const operation = (): Operation => new Operation({ kind: 'copy', target: 'x', pid: 0 });
const base = digestOf(Buffer.from('base'));
const top = digestOf(Buffer.from('top'));

async function copied(
  source: ImageSource,
  sink: RememberingSink,
  more: Partial<CopyOptions> = {},
): Promise<RememberingSink> {
  await copyImage(source, sink, { ...options, ...more }, operation());
  return sink;
}

describe('a copy of an image', () => {
  it('writes the bytes of the source where nothing has to change', async () => {
    const { committed, put } = await copied(sampleSource(), new RememberingSink());
    expect(committed[0]!.manifest.bytes).toEqual(sample().manifest.bytes);
    expect(put.map(({ recode }) => recode)).toEqual(['as-is', 'as-is']);
  });

  it('says what it does in the words of Podman, layers that are there included', async () => {
    const running = operation();
    await copyImage(sampleSource(), new RememberingSink({ has: [base] }), options, running);
    expect(running.takeLines()).toEqual([
      'Getting image source signatures\n',
      `Copying blob ${base}\n`,
      `Copying blob ${top}\n`,
      `Copying config ${digestOf(sample().config)}\n`,
      'Writing manifest to image destination\n',
      'Storing signatures\n',
    ]);
    expect(running.blobs.map(({ state }) => state)).toEqual(['exists', 'done', 'done']);
  });

  it('turns an image of Docker into one of the OCI for a sink that takes no other', async () => {
    const sink = new RememberingSink({ needs: { manifestTypes: [ociManifest], layers: 'compressed' } });
    await copied(sampleSource(), sink);
    const [{ manifest, config, configBytes }] = sink.committed as [(typeof sink.committed)[0]];
    expect(manifest.mediaType).toBe(ociManifest);
    expect(digestOf(manifest.bytes)).toBe(manifest.digest);
    expect(config.digest).toBe(digestOf(configBytes));
    expect(JSON.parse(configBytes.toString())).not.toHaveProperty('docker_version');
    expect(parseManifest(manifest.bytes, ociManifest)).toMatchObject({ config: { digest: config.digest } });
  });

  it("keeps the config, and so the id, on the way from the OCI's form to Docker's", async () => {
    const sink = new RememberingSink({ needs: { manifestTypes: [dockerManifest] } });
    await copied(sampleSource({ type: ociManifest }), sink);
    expect(sink.committed[0]!.config.digest).toBe(digestOf(sample({ type: ociManifest }).config));
    expect(sink.committed[0]!.manifest.mediaType).toBe(dockerManifest);
  });

  it('zips zstd anew for Docker, which has none', async () => {
    const sink = new RememberingSink({ needs: { manifestTypes: [dockerManifest] } });
    await copied(sampleSource({ type: ociManifest, layerType: ociLayerZstd }), sink);
    expect(sink.put.map(({ recode }) => recode)).toEqual(['gzip', 'gzip']);
    expect(parseManifest(sink.committed[0]!.manifest.bytes)).toMatchObject({
      layers: [{ mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', size: 77 }, {}],
    });
  });

  it('zips tars for a sink that wants layers compressed, and leaves zstd as it is', async () => {
    const needs = { layers: 'compressed' } as const;
    const plain = await copied(
      sampleSource({ type: ociManifest, layerType: ociLayer }),
      new RememberingSink({ needs }),
    );
    expect(plain.put.map(({ recode }) => recode)).toEqual(['gzip', 'gzip']);
    const zstd = await copied(
      sampleSource({ type: ociManifest, layerType: ociLayerZstd }),
      new RememberingSink({ needs }),
    );
    expect(zstd.put.map(({ recode }) => recode)).toEqual(['zstd', 'zstd']);
  });

  it('keeps the digest of a pulled image whose blobs the registry still has', async () => {
    const sink = new RememberingSink({ needs: { layers: 'compressed' }, has: [base, top] });
    await copied(sampleSource({ tars: true }), sink);
    expect(sink.put).toEqual([]);
    expect(sink.committed[0]!.manifest.digest).toBe(sample().manifest.digest);
  });

  it('writes another manifest when a blob of it has to be made anew', async () => {
    const sink = new RememberingSink({ needs: { layers: 'compressed' }, has: [base] });
    await copied(sampleSource({ tars: true }), sink);
    expect(sink.put.map(({ layer }) => layer.content.digest)).toEqual([diffIdOf('top')]);
    const [{ layers, manifest }] = sink.committed as [(typeof sink.committed)[0]];
    expect(layers.map(({ digest }) => digest)).toEqual([base, expect.not.stringMatching(top)]);
    expect(manifest.digest).not.toBe(sample().manifest.digest);
    expect(manifest.mediaType).toBe(dockerManifest);
  });

  it('tries the next type of manifest when the destination refuses one, without bringing layers again', async () => {
    const sink = new RememberingSink({ refuses: [dockerManifest] });
    await copied(sampleSource(), sink);
    expect(sink.committed[0]!.manifest.mediaType).toBe(ociManifest);
    expect(sink.put).toHaveLength(2);
  });

  it('names each type it tried when all are refused', async () => {
    const sink = new RememberingSink({ refuses: [dockerManifest, ociManifest, ociIndex] });
    const failing = copied(sampleSource(), sink);
    await expect(failing).rejects.toThrow(
      `Uploading manifest failed, attempted the following formats: ${dockerManifest}(no ${dockerManifest}), ${ociManifest}(no ${ociManifest})`,
    );
  });

  it('brings layers again that went away before the commit, a few times', async () => {
    const { committed } = await copied(sampleSource(), new RememberingSink({ losing: 2 }));
    expect(committed).toHaveLength(1);
    await expect(copied(sampleSource(), new RememberingSink({ losing: 9 }))).rejects.toThrow(
      'removed by another process',
    );
  });

  it('refuses a config that does not fit the layers', async () => {
    const source = sampleSource();
    const other = sampleSource({ layers: ['base'] });
    const lying: ImageSource = { ...source, blobBytes: async () => sample({ layers: ['base'] }).config };
    await expect(copied(lying, new RememberingSink())).rejects.toThrow('the manifest has 2 layers');
    await expect(copied(other, new RememberingSink())).resolves.toBeDefined();
  });

  it('asks the gate for the index and for the image before it looks into either', async () => {
    const asked: string[] = [];
    const source = sampleSource({}, [{ architecture: 'arm64' }]);
    const reading: string[] = [];
    const watched: ImageSource = {
      ...source,
      blobBytes: async (descriptor, signal) => {
        reading.push(asked.join(' '));
        return await source.blobBytes(descriptor, signal);
      },
    };
    const gate = {
      admit: async (_: unknown, manifest: { mediaType: string }): Promise<void> => {
        asked.push(manifest.mediaType);
      },
    };
    await copied(watched, new RememberingSink(), { gate });
    expect(asked).toEqual([ociIndex, dockerManifest]);
    expect(reading).toEqual([`${ociIndex} ${dockerManifest}`]);
    const closed = {
      admit: async (): Promise<void> => {
        throw new PolicyError('Source image rejected: no');
      },
    };
    const sink = new RememberingSink();
    await expect(copied(sampleSource(), sink, { gate: closed })).rejects.toThrow('Source image rejected');
    expect(sink.put).toEqual([]);
  });
});

describe('signatures', () => {
  const signatures = [Buffer.from('s')];

  it('go along, and then nothing of the manifest may change', async () => {
    const sink = await copied(sampleSource({ signatures }), new RememberingSink());
    expect(sink.committed[0]!.signatures).toEqual(signatures);
    const oci = new RememberingSink({ needs: { manifestTypes: [ociManifest] } });
    await copied(sampleSource({ signatures }), oci);
    expect(oci.committed[0]!.manifest.mediaType).toBe(dockerManifest);
    const zipping = new RememberingSink({ needs: { layers: 'compressed' } });
    await expect(copied(sampleSource({ signatures, tars: true }), zipping)).rejects.toThrow(
      'is not at hand as it was pulled, and its signatures would not fit another manifest',
    );
  });

  it('end the copy where they cannot be kept, unless they may be left out', async () => {
    const needs = { refusesSignatures: 'an archive has none' };
    const failing = copied(sampleSource({ signatures }), new RememberingSink({ needs }));
    await expect(failing).rejects.toThrow('Can not copy signatures: an archive has none');
    for (const kept of ['keep-if-possible', 'remove'] as const) {
      const sink = await copied(sampleSource({ signatures }), new RememberingSink({ needs }), {
        signatures: kept,
      });
      expect(sink.committed[0]!.signatures).toEqual([]);
    }
  });

  it('are made of the manifest that is written', async () => {
    const running = operation();
    const sink = new RememberingSink({ needs: { manifestTypes: [ociManifest] } });
    const sign = async (digest: string): Promise<Buffer> => Buffer.from(`signed ${digest}`);
    await copyImage(sampleSource(), sink, { ...options, sign }, running);
    const [{ manifest, signatures: made }] = sink.committed as [(typeof sink.committed)[0]];
    expect(made.map(String)).toEqual([`signed ${manifest.digest}`]);
    expect(running.takeLines()).toContain('Signing manifest\n');
  });
});

describe('a destination that is named by a digest', () => {
  it('takes that manifest, or the index it was chosen from, and no other', async () => {
    const { digest } = sample().manifest;
    const fitting = new RememberingSink({ needs: { digest } });
    await copied(sampleSource(), fitting);
    expect(fitting.committed).toHaveLength(1);
    const other = new RememberingSink({ needs: { digest: base } });
    await expect(copied(sampleSource(), other)).rejects.toThrow(
      "Digest of source image's manifest would not match destination reference",
    );
    expect(other.committed).toEqual([]);
  });
});

describe('a copy of a whole index', () => {
  const source = (): ImageSource => sampleSource({}, [{ architecture: 'arm64', layers: ['base', 'arm'] }]);

  it('brings every image and then the index, to the byte', async () => {
    const running = operation();
    const sink = new RememberingSink();
    const digest = await copyAll(source(), sink, options, running);
    expect(sink.committed.map(({ instance }) => instance)).toEqual([true, true]);
    expect(sink.indexes.map((index) => index.digest)).toEqual([digest]);
    const lines = running.takeLines();
    expect(lines[0]).toBe('Getting image list signatures\n');
    expect(lines).toContain('Copying 2 of 2 images in list\n');
    expect(lines.at(-2)).toBe('Writing manifest list to image destination\n');
  });

  it('names the images in a new index that it had to convert', async () => {
    const sink = new RememberingSink({ needs: { manifestTypes: [ociManifest, ociIndex] } });
    await copyAll(source(), sink, options, operation());
    const [index] = sink.indexes;
    const parsed = parseManifest(index!.bytes, ociIndex);
    expect(parsed.kind === 'index' && parsed.manifests.map(({ digest }) => digest)).toEqual(
      sink.committed.map(({ manifest }) => manifest.digest),
    );
    expect(parsed.kind === 'index' && parsed.manifests[1]!.platform?.architecture).toBe('arm64');
  });

  it('does not lose the signatures of the index where they cannot be kept', async () => {
    const signed = source();
    const { digest } = await signed.manifest(undefined, new AbortController().signal);
    const ofIndex: ImageSource = {
      ...signed,
      signatures: async (manifest) => (manifest === digest ? [Buffer.from('s')] : []),
    };
    const refusing = new RememberingSink({ needs: { refusesSignatures: 'a layout has none' } });
    await expect(copyAll(ofIndex, refusing, options, operation())).rejects.toThrow(
      'Can not copy signatures: a layout has none',
    );
    expect(refusing.committed).toEqual([]);
  });

  it('leaves the names to the image for this machine where there are no indexes', async () => {
    const sink = new RememberingSink();
    Object.defineProperty(sink, 'commitIndex', { value: undefined });
    await copyAll(source(), sink, options, operation());
    expect(sink.committed.map(({ instance }) => instance)).toEqual([false, true]);
  });
});
