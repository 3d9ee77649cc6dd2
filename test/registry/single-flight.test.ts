import { describe, expect, it } from '@jest/globals';
import { SingleFlight } from '../../src/registry/single-flight.js';
import { failure, never } from './support.js';

describe('shared work', () => {
  it('is done once for all who wait, and again for another key', async () => {
    const flight = new SingleFlight<number>();
    let runs = 0;
    const work = async (): Promise<number> => ++runs;
    expect(await Promise.all([flight.get('a', work, never), flight.get('a', work, never)])).toEqual([1, 1]);
    expect(await flight.get('a', work, never)).toBe(1);
    expect(await flight.get('b', work, never)).toBe(2);
    flight.forget('a');
    expect(await flight.get('a', work, never)).toBe(3);
  });

  it('is done again when its result is no longer fresh', async () => {
    const flight = new SingleFlight<number>(() => 0);
    let runs = 0;
    const work = async (): Promise<number> => ++runs;
    await flight.get('a', work, never);
    expect(await flight.get('a', work, never)).toBe(2);
  });

  it('is tried again by the next one when it failed', async () => {
    const flight = new SingleFlight<string>();
    const failing = flight.get('a', () => Promise.reject(new Error('no')), never);
    expect((await failure(failing)).message).toBe('no');
    expect(await flight.get('a', async () => 'yes', never)).toBe('yes');
  });

  it('goes on when one of those who wait leaves', async () => {
    const flight = new SingleFlight<string>();
    let finish!: (text: string) => void;
    const work = (): Promise<string> =>
      new Promise((resolve) => {
        finish = resolve;
      });
    const leaving = new AbortController();
    const left = failure(flight.get('a', work, leaving.signal));
    const staying = flight.get('a', work, never);
    leaving.abort(new Error('left'));
    expect((await left).message).toBe('left');
    finish('done');
    expect(await staying).toBe('done');
  });
});
