import { writeFileSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ArchiveError } from '../../src/archive/archive-errors.js';
import { defaultArchiveLimits, indexFile, indexStream } from '../../src/archive/archive-index.js';
import { parseDockerItems } from '../../src/archive/docker-items.js';
import { LayerError } from '../../src/archive/errors.js';
import { formatLayoutIndex, readLayout } from '../../src/archive/image-layout.js';
import { ManifestError } from '../../src/oci/manifest.js';
import { rawFields } from '../../src/oci/raw-fields.js';
import {
  layoutFiles,
  members,
  newDockerMembers,
  oldDockerMembers,
  podmanMembers,
} from '../archive/images.js';
import { entryOf, tarOf, type Made } from '../archive/tar-builder.js';
import { never, openBelow, workplace, type Workplace } from '../runtime/transports/copying.js';
import { attempt, type Attempt } from './archives/attack.js';
import { parts } from './archives/hazard.js';

let place: Workplace;

beforeAll(async () => {
  place = await workplace();
});

afterAll(async () => {
  const open = await openBelow(place.root);
  await place[Symbol.asyncDispose]();
  if (open.length > 0) throw new Error(`still open: ${open.join(' ')}`);
});

const forms = [
  ['docker-archive', 'podman', podmanMembers(parts)],
  ['docker-archive', 'Docker up to 24', oldDockerMembers(parts)],
  ['docker-archive', "containerd's store", newDockerMembers(parts, true)],
  ['oci-archive', 'a layout', members(layoutFiles(parts))],
] as const;

async function attemptBytes(form: 'docker-archive' | 'oci-archive', bytes: Buffer): Promise<Attempt> {
  const [from, to] = [place.path('in.tar'), place.path('out.tar')];
  writeFileSync(from, bytes);
  const result = await attempt(form, from, to);
  await rm(to, { force: true });
  const left = await place.names();
  if (left.join(' ') !== 'in.tar') throw new Error(`left behind: ${left.join(' ')}`);
  return result;
}

/** Where a byte is changed, as a part of the whole, and into what. */
const changes = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255)), {
  minLength: 1,
  maxLength: 4,
});

function changed(bytes: Buffer, list: readonly (readonly [number, number])[]): Buffer {
  const copy = Buffer.from(bytes);
  for (const [at, byte] of list) copy[Math.floor(at * (copy.length - 1))] = byte;
  return copy;
}

function kindOf(result: Attempt): string {
  return 'refused' in result ? 'refused' : result.result;
}

describe.each(forms)('a %s of %s', (form, _writer, list) => {
  // The config of a docker-archive has no digest but its own: another config is another image.
  const fine = ['refused', 'same', ...(form === 'docker-archive' ? ['another'] : [])];

  it('with other bytes is the same image or refused', async () => {
    const whole = tarOf(...list);
    const property = fc.asyncProperty(changes, fc.boolean(), async (bytes, packed) => {
      const broken = changed(whole, bytes);
      expect(fine).toContain(kindOf(await attemptBytes(form, packed ? gzipSync(broken) : broken)));
    });
    await fc.assert(property, { numRuns: 120 });
  });

  it('with other bytes in its compressed form is the same image or refused', async () => {
    const whole = gzipSync(tarOf(...list));
    const property = fc.asyncProperty(changes, fc.nat(whole.length), async (bytes, length) => {
      expect(fine).toContain(kindOf(await attemptBytes(form, changed(whole, bytes).subarray(0, length))));
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it('with its members in any order is the same image', async () => {
    const property = fc.asyncProperty(
      fc.shuffledSubarray([...list.keys()], { minLength: list.length }),
      fc.boolean(),
      async (shuffled, packed) => {
        const bytes = tarOf(...shuffled.map((at) => list[at]!));
        expect(await attemptBytes(form, packed ? gzipSync(bytes) : bytes)).toEqual({ result: 'same' });
      },
    );
    await fc.assert(property, { numRuns: 15 });
  });

  it('without some of its members is the same image or refused', async () => {
    const property = fc.asyncProperty(fc.subarray([...list.keys()]), async (some) => {
      const bytes = tarOf(...some.map((at) => list[at]!));
      expect(fine).toContain(kindOf(await attemptBytes(form, bytes)));
    });
    await fc.assert(property, { numRuns: 40 });
  });
});

describe('the members of a tar', () => {
  const made: fc.Arbitrary<Made> = fc.record({
    name: fc.string({ maxLength: 20 }).map((text) => Buffer.from(text).toString('latin1')),
    type: fc.constantFrom('0', '0', '1', '2', '5', '6', 'g'),
    content: fc.string({ maxLength: 2000 }),
    uid: fc.constant(0),
    gid: fc.constant(0),
  });

  it('are found alike by hopping and by reading, in pieces of any size', async () => {
    const property = fc.asyncProperty(
      fc.array(made, { maxLength: 8 }),
      changes,
      fc.boolean(),
      fc.integer({ min: 1, max: 3000 }),
      async (list, bytes, breaks, piece) => {
        const tar = Buffer.concat([...list.map((each) => entryOf(withoutContent(each))), Buffer.alloc(1024)]);
        const input = breaks ? changed(tar, bytes) : tar;
        const hopped = await found(async () => {
          writeFileSync(place.path('in.tar'), input);
          const file = await open(place.path('in.tar'));
          try {
            return await indexFile(file, input.length, defaultArchiveLimits, never);
          } finally {
            await file.close();
          }
        });
        const read = await found(() => indexStream(pieces(input, piece), defaultArchiveLimits, never));
        expect(read).toEqual(hopped);
      },
    );
    await fc.assert(property, { numRuns: 300 });
  });

  /** Only files have content, whatever the size of others says. */
  function withoutContent(each: Made): Made {
    return each.type === '0' ? each : { ...each, content: '' };
  }

  async function found(index: () => ReturnType<typeof indexFile>): Promise<unknown> {
    try {
      return [...(await index()).values()].map(({ name, type, offset, size }) => ({
        name,
        type,
        offset,
        size,
      }));
    } catch (error) {
      if (error instanceof LayerError) return 'refused';
      throw error;
    }
  }

  function pieces(bytes: Buffer, length: number): AsyncIterable<Buffer> {
    const count = Math.ceil(bytes.length / length);
    return Readable.from(
      Array.from({ length: count }, (_, at) => bytes.subarray(at * length, (at + 1) * length)),
    );
  }
});

describe('documents', () => {
  const item = fc.record({
    Config: fc.string({ minLength: 1 }),
    RepoTags: fc.option(fc.array(fc.string())),
    Layers: fc.array(fc.string()),
    Parent: fc.jsonValue(),
  });

  it('of docker-archives are understood as JSON is', async () => {
    const property = fc.asyncProperty(
      fc.array(item),
      fc.constantFrom(undefined, 1, '\t'),
      async (list, space) => {
        const items = await parseDockerItems(Buffer.from(JSON.stringify(list, null, space)), never);
        expect(items).toEqual(
          list.map(({ Config, RepoTags, Layers }) => ({
            config: Config,
            repoTags: RepoTags ?? [],
            layers: Layers,
          })),
        );
      },
    );
    await fc.assert(property);
  });

  it('of docker-archives that are none are refused', async () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .array(fc.constantFrom('[', ']', '{', '}', '"', ',', ':', '\\', 'a', ' ', '1'))
        .map((all) => all.join('')),
    );
    const property = fc.asyncProperty(text, async (document) => {
      try {
        await parseDockerItems(Buffer.from(document), never);
      } catch (error) {
        if (!(error instanceof ArchiveError)) throw error;
        return;
      }
      expect(Array.isArray(JSON.parse(document))).toBe(true);
    });
    await fc.assert(property, { numRuns: 2000 });
  });

  it('of layouts are read, or refused', async () => {
    const descriptor = fc.record(
      {
        mediaType: fc.jsonValue(),
        digest: fc.jsonValue(),
        size: fc.jsonValue(),
        annotations: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    const index = fc.record({ schemaVersion: fc.constantFrom(2, 1, '2'), manifests: fc.array(descriptor) });
    const property = fc.asyncProperty(fc.oneof(index, fc.jsonValue()), async (value) => {
      const bytes = Buffer.from(JSON.stringify(value));
      const files = {
        path: '/nowhere',
        read: async (name: string) =>
          name === 'index.json' ? bytes : Buffer.from('{"imageLayoutVersion":"1.0.0"}'),
        locate: async () => ({ kind: 'file', path: '/nowhere', offset: 0, length: 0 }) as const,
      };
      const errors = await Promise.all([
        readLayout(files, 1e6, never).catch((error: unknown) => error),
        (async () => formatLayoutIndex(bytes, []))().catch((error: unknown) => error),
      ]);
      const ours = errors.filter((error) => error instanceof ManifestError || error instanceof ArchiveError);
      expect(errors.filter((error) => error instanceof Error)).toEqual(ours);
    });
    await fc.assert(property, { numRuns: 500 });
  });

  it('have fields that are the same when they are taken out as they are', () => {
    const property = fc.property(
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.constantFrom(undefined, 2),
      (object, space) => {
        const text = JSON.stringify(object, null, space);
        const fields = [...rawFields(Buffer.from(text), new Set(Object.keys(object)))].map(([key, raw]) => [
          key,
          JSON.parse(raw) as unknown,
        ]);
        expect(Object.fromEntries(fields)).toEqual(JSON.parse(text));
      },
    );
    fc.assert(property, { numRuns: 500 });
  });
});
