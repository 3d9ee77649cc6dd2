// `npm run bench -- pull`: whole pulls from a local registry, imaged and its peers in turn.
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';

import { startDockerRegistry } from '../interop/support/docker-registry.js';
import { removeTree } from '../interop/support/files.js';
import { imagedProgram } from '../interop/support/imaged.js';
import { type Contender, imaged, podman, type Sample, skopeo } from './contenders.js';
import { type Fixture, openFixtures, openWarmUp } from './fixtures.js';
import { newerSystems } from './newer.js';
import { push } from './push.js';
import { median } from './statistics.js';

export interface PullOptions {
  readonly cache: string;
  readonly rounds: number;
  readonly fixtures: readonly string[];
  /** Debian releases whose peers take part too. */
  readonly newer: readonly string[];
}

/** All samples of one contender on one fixture. */
export interface PullResult {
  readonly contender: string;
  readonly samples: readonly Sample[];
  /** One pull more, with the locks watched. */
  readonly watched: Sample;
}

export interface PullReport {
  readonly fixture: Fixture;
  readonly results: readonly PullResult[];
}

export async function benchPull(options: PullOptions): Promise<PullReport[]> {
  // Short, since podman takes no run root of more than 50 characters.
  const stores = await mkdtemp(join(options.cache, 'r-'));
  const systems = await newerSystems(options.cache, stores, options.newer);
  try {
    const contenders = [await skopeo(), await podman()];
    for (const system of systems) {
      contenders.push(await skopeo(system.root), await podman(system.root));
    }
    if (existsSync(imagedProgram)) {
      contenders.unshift(imaged('at work'), imaged('just started'));
    } else {
      console.log('dist/imaged.js is not there: peers only');
    }
    return await measureAll(options, contenders, stores);
  } finally {
    for (const system of systems) {
      await system.close();
    }
    await removeTree(stores);
  }
}

async function measureAll(
  options: PullOptions,
  contenders: readonly Contender[],
  stores: string,
): Promise<PullReport[]> {
  const fixtures = await openFixtures(options.cache, options.fixtures);
  const registry = await startDockerRegistry(join(options.cache, 'registry'));
  try {
    const reports: PullReport[] = [];
    await push(await openWarmUp(options.cache), registry.host);
    for (const fixture of fixtures) {
      const image = await push(fixture, registry.host);
      reports.push(await measure(fixture, image, contenders, stores, options.rounds));
    }
    return reports;
  } finally {
    await registry.close();
  }
}

async function measure(
  fixture: Fixture,
  image: string,
  contenders: readonly Contender[],
  stores: string,
  rounds: number,
): Promise<PullReport> {
  const samples = contenders.map((): Sample[] => []);
  for (let round = 0; round < rounds; round += 1) {
    // Each round begins with another contender, so that nobody always follows the same one.
    for (let turn = 0; turn < contenders.length; turn += 1) {
      const index = (round + turn) % contenders.length;
      const sample = await contenders[index]?.pull(image, stores);
      if (sample !== undefined) {
        samples[index]?.push(sample);
        console.log(
          `${fixture.name} ${round + 1}/${rounds} ${contenders[index]?.title}: ${sample.seconds.toFixed(2)} s`,
        );
      }
    }
  }
  const results: PullResult[] = [];
  for (const [index, contender] of contenders.entries()) {
    const watched = await contender.pull(image, stores, { watchLocks: true });
    results.push({ contender: contender.title, samples: samples[index] ?? [], watched });
  }
  return { fixture, results };
}

/** Median wall time of a contender, in seconds. */
export function medianSeconds(result: PullResult): number {
  return median(result.samples.map((sample) => sample.seconds));
}
