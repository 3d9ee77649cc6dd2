// Every case of test/build/conformance, built by imaged and by buildah: the images must be the same but for what is wanted.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { buildah, imagectl, twoStores } from '../build/conformance/builders.js';
import { allCases } from '../build/conformance/cases/index.js';
import { allVariants, buildCase, judge, peerCase, standardVariants } from '../build/conformance/run-case.js';
import { Imaged } from './support/imaged.js';
import type { PeerStore } from './support/peer-store.js';

// All of them take ten minutes, and an hour in each of the four ways: `npm run conformance` and IMAGED_CONFORMANCE=all. Otherwise
// it is every sixth one, of each group.
const extent = process.env['IMAGED_CONFORMANCE'];
const thorough = extent === 'all';
const step = extent === undefined ? 6 : 1;
/** Builds that are under way at once; each of them waits for disks and processes some of the time. */
const lanes = 3;

jest.setTimeout(900_000);

let stores: readonly PeerStore[] = [];
let daemon: Imaged;
const results = new Map<string, string[]>();

const runs = Object.entries(allCases).flatMap(([group, cases]) =>
  cases.flatMap((one, index) => {
    if (index % step !== 0) return [];
    const variants = thorough ? allVariants : standardVariants.filter((_, place) => place === index % 2);
    return (one.variants ?? variants).map((variant) => ({
      group,
      one,
      variant,
      title: `${one.name} (${variant.layers ? 'layered' : 'single'}, ${variant.format})`,
    }));
  }),
);

beforeAll(async () => {
  const [first, second] = await twoStores();
  stores = [first, second];
  daemon = await Imaged.start(first);
  const ours = imagectl(first, () => daemon);
  const peer = buildah(second);
  const waiting = runs.values();
  const lane = async (): Promise<void> => {
    for (const { group, one, variant, title } of waiting) {
      results.set(
        `${group} ${title}`,
        await Promise.all([buildCase(one, variant, ours), buildCase(peerCase(one), variant, peer)]).then(
          ([own, peers]) => judge(one, own, peers),
          (error: unknown) => [String(error)],
        ),
      );
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
});

afterAll(async () => {
  await daemon?.close();
  for (const store of stores) await store.close();
});

describe.each(Object.keys(allCases))('%s', (group) => {
  it.each(runs.filter((one) => one.group === group).map(({ title }) => title))('%s', (title) => {
    expect(results.get(`${group} ${title}`)).toEqual([]);
  });
});
