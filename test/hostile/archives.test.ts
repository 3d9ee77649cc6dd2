import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { never, OneMover, openBelow, workplace, type Workplace } from '../runtime/transports/copying.js';
import { attempt, traceOf } from './archives/attack.js';
import { hazards } from './archives/hazards.js';
import { cutArchive } from './archives/tar-hazards.js';

/*
 * Each archive here is an attack. It is refused by one of our own errors, or does no harm: the image is the one it was made
 * from. Whatever it is, nothing is written but the copy, nothing stays open, and neither memory nor time is used up.
 */

let place: Workplace;
let canary: string;

beforeEach(async () => {
  place = await workplace();
  canary = place.path('canary');
  mkdirSync(canary);
  writeFileSync(join(canary, 'file'), 'untouched', { mode: 0o600 });
});

afterEach(async () => {
  await place[Symbol.asyncDispose]();
});

function surroundings(): object {
  return {
    canary: [traceOf(canary), traceOf(join(canary, 'file')), readdirSync(canary)],
    etc: readdirSync('/etc').filter((name) => name.includes('pwned')),
  };
}

/** Memory that unzipping takes in any case; the bombs are larger than 1 GiB. */
const MOST_BYTES = 200 * 1024 ** 2;

it('knows more than a hundred hazards', () => {
  expect(new Set(hazards.map(({ form, name }) => `${form} ${name}`)).size).toBe(hazards.length);
  expect(hazards.length).toBeGreaterThan(100);
});

describe.each(['docker-archive', 'oci-archive', 'oci', 'dir'] as const)('%s:', (form) => {
  const own = hazards.filter((hazard) => hazard.form === form);

  it.each(own)('$name', async ({ make, outcome }) => {
    const path = place.path('attack');
    make(path, canary);
    const before = { surroundings: surroundings(), names: await place.names() };
    const memory = process.memoryUsage().rss;
    const result = await attempt(form, path, place.path('out.tar'));
    const said = 'refused' in result ? result.refused : result.result;
    expect(said).toMatch(outcome === 'same' ? /^same$/ : outcome);
    const out = outcome === 'same' ? ['out.tar'] : [];
    expect(await place.names()).toEqual([...before.names, ...out].toSorted((a, b) => a.localeCompare(b)));
    expect(surroundings()).toEqual(before.surroundings);
    expect(await openBelow(place.root)).toEqual([]);
    expect(process.memoryUsage().rss - memory).toBeLessThan(MOST_BYTES);
  });
});

describe('an archive that is cut', () => {
  it('is refused wherever it is cut, unless nothing but its end is missing', async () => {
    const { bytes, cuts } = cutArchive();
    const readable: number[] = [];
    for (const { length } of cuts) {
      const path = place.path(`cut-${length}`);
      writeFileSync(path, bytes.subarray(0, length));
      const result = await attempt('docker-archive', path, place.path(`out-${length}`));
      if ('result' in result) readable.push(length);
      if ('result' in result && result.result !== 'same')
        throw new Error(`another image after ${length} bytes`);
    }
    expect(readable).toEqual(cuts.filter((cut) => cut.readable).map(({ length }) => length));
  });
});

it('does not wait for the writer of a pipe that has taken the place of a layer', async () => {
  execFileSync('mkfifo', [place.path('pipe')]);
  const blob = { kind: 'file', path: place.path('pipe'), offset: 0, length: 5 } as const;
  const task = { blob, expected: {}, recode: 'as-is', target: { kind: 'nowhere' } } as const;
  await expect(new OneMover().transfer(task, never)).rejects.toThrow('ESPIPE');
  expect(await openBelow(place.root)).toEqual([]);
});
