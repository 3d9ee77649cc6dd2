import { describe, expect, it } from '@jest/globals';
import { decodeContainer } from '../../src/store/container-record.js';
import { imageDecoder } from '../../src/store/image-record.js';
import { layerDecoder } from '../../src/store/layer-record.js';
import type { PlaceRecords } from '../../src/store/place.js';
import { makeRecord, type Decode, type RawRecord, type Records } from '../../src/store/record-file.js';
import { orphanedLayers } from '../../src/store/remove-layers.js';
import { StoreView } from '../../src/store/view.js';

interface Content {
  layers: RawRecord[];
  images: RawRecord[];
  containers?: RawRecord[];
  volatileLayers?: RawRecord[];
}

function place(
  { layers, images, containers = [], volatileLayers = [] }: Content,
  readOnly = false,
): PlaceRecords {
  const records = <T>(raw: RawRecord[], decode: Decode<T>): Records<T> =>
    raw.map((one) => makeRecord(one, decode));
  return {
    layers: records(layers, layerDecoder('/root', readOnly)),
    volatileLayers: records(volatileLayers, layerDecoder('/root', readOnly)),
    images: records(images, imageDecoder('/root', readOnly)),
    containers: records(containers, decodeContainer),
    volatileContainers: [],
    transientContainers: [],
  };
}

function orphansOf(id: string, ...places: PlaceRecords[]): string[] {
  const view = new StoreView(places);
  const image = view.imageById(id);
  if (image === undefined) throw new Error(`no image ${id}`);
  return orphanedLayers(view, image);
}

const chain = [{ id: 'base' }, { id: 'middle', parent: 'base' }, { id: 'top', parent: 'middle' }];
const image = { id: 'image', layer: 'top' };

describe('with an image go', () => {
  it('all its layers, top first, if nobody else needs them', () => {
    expect(orphansOf('image', place({ layers: chain, images: [image] }))).toEqual(['top', 'middle', 'base']);
  });

  it.each<[string, Partial<Content>, string[]]>([
    ['another image with the same top layer', { images: [image, { id: 'other', layer: 'top' }] }, []],
    ['another image on a layer below', { images: [image, { id: 'other', layer: 'middle' }] }, ['top']],
    ['a container of another program', { containers: [{ id: 'c', image: '', layer: 'middle' }] }, ['top']],
    ['another layer', { layers: [...chain, { id: 'child', parent: 'base' }] }, ['top', 'middle']],
    ['a layer of a volatile container', { volatileLayers: [{ id: 'child', parent: 'middle' }] }, ['top']],
    [
      'a mapped copy that another image has',
      { images: [image, { id: 'other', 'mapped-layers': ['middle'] }] },
      ['top'],
    ],
  ])('only the layers above the one needed by %s', (_, change, expected) => {
    expect(orphansOf('image', place({ layers: chain, images: [image], ...change }))).toEqual(expected);
  });

  it('the mapped copies of its top layer, before the layer they stand on', () => {
    const layers = [...chain, { id: 'copy', parent: 'middle' }, { id: 'used', parent: 'middle' }];
    const images = [{ ...image, 'mapped-layers': ['copy', 'used', 'gone'] }];
    expect(orphansOf('image', place({ layers, images }))).toEqual(['copy', 'used', 'top', 'middle', 'base']);
    const containers = [{ id: 'c', image: 'x', layer: 'used' }];
    expect(orphansOf('image', place({ layers, images, containers }))).toEqual(['copy', 'top']);
  });

  it('no layers of an additional store', () => {
    const own = place({ layers: [{ id: 'top', parent: 'middle' }], images: [image] });
    expect(orphansOf('image', own, place({ layers: chain.slice(0, 2), images: [] }, true))).toEqual(['top']);
  });

  it('no layers if it has none, and none twice if their parents go round', () => {
    expect(orphansOf('bare', place({ layers: chain, images: [{ id: 'bare' }] }))).toEqual([]);
    const layers = [
      { id: 'a', parent: 'b' },
      { id: 'b', parent: 'a' },
    ];
    expect(orphansOf('image', place({ layers, images: [{ id: 'image', layer: 'a' }] }))).toEqual([]);
  });
});
