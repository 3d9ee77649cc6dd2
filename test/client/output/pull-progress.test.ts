// The lines of a pull on a terminal.
import { describe, expect, it } from '@jest/globals';
import { PullProgress } from '../../../client/output/pull-progress.js';
import type { BlobState } from '../../../client/output/pull-progress.js';

const hex = (character: string): string => character.repeat(64);
const blob = (character: string, state: BlobState['state'], done: number, total = 1_000_000): BlobState => ({
  digest: `sha256:${hex(character)}`,
  total,
  done,
  state,
});

function startedPull() {
  const clock = { now: 1000 };
  const progress = new PullProgress(() => clock.now);
  return { clock, progress };
}

describe('PullProgress', () => {
  it('gives lines about other things than blobs back at once', () => {
    const { progress } = startedPull();
    expect(progress.log('Trying to pull a:1...')).toEqual(['Trying to pull a:1...']);
    expect(progress.lines()).toEqual([]);
  });

  it('shows a blob as soon as the log has it, with bytes as soon as they are known', () => {
    const { progress, clock } = startedPull();
    expect(progress.log(`Copying blob sha256:${hex('a')}`)).toEqual([]);
    expect(progress.lines()).toEqual(['Copying blob aaaaaaaaaaaa']);
    clock.now += 500;
    progress.blobs([blob('a', 'copying', 500_000), blob('b', 'waiting', 0)]);
    expect(progress.lines()).toEqual([
      'Copying blob aaaaaaaaaaaa [==========>---------] 500 kB / 1 MB 1 MB/s',
    ]);
    progress.log(`Copying blob sha256:${hex('b')}`);
    expect(progress.lines()[1]).toBe('Copying blob bbbbbbbbbbbb waiting 1 MB');
  });

  it('shows the rate of the last seconds, and in the end of all of them', () => {
    const { progress, clock } = startedPull();
    progress.log(`Copying blob sha256:${hex('a')}`);
    for (const done of [100_000, 200_000, 300_000, 300_000, 300_000, 300_000]) {
      clock.now += 1000;
      progress.blobs([blob('a', 'copying', done)]);
    }
    expect(progress.lines()).toEqual([
      'Copying blob aaaaaaaaaaaa [======>-------------] 300 kB / 1 MB 0 B/s',
    ]);
    clock.now += 4000;
    progress.blobs([blob('a', 'done', 1_000_000)]);
    clock.now += 9000;
    expect(progress.lines()).toEqual(['Copying blob aaaaaaaaaaaa done 1 MB 100 kB/s']);
  });

  it('does not count the time that a blob waits', () => {
    const { progress, clock } = startedPull();
    progress.log(`Copying blob sha256:${hex('a')}`);
    clock.now += 5000;
    progress.blobs([blob('a', 'waiting', 0)]);
    clock.now += 1000;
    progress.blobs([blob('a', 'done', 1_000_000)]);
    expect(progress.lines()).toEqual(['Copying blob aaaaaaaaaaaa done 1 MB 1 MB/s']);
  });

  it('says so of a blob the store has', () => {
    const { progress } = startedPull();
    progress.blobs([blob('a', 'exists', 0)]);
    progress.log(`Copying blob sha256:${hex('a')}`);
    expect(progress.log('Writing manifest to image destination')).toEqual([
      'Copying blob aaaaaaaaaaaa skipped: already exists',
      'Writing manifest to image destination',
    ]);
  });

  it('takes blobs for done when the log goes on behind them', () => {
    const { progress, clock } = startedPull();
    progress.log(`Copying blob sha256:${hex('a')}`);
    progress.log(`Copying config sha256:${hex('c')}`);
    clock.now += 2000;
    progress.blobs([blob('a', 'copying', 10)]);
    expect(progress.log('Writing manifest to image destination')).toEqual([
      'Copying blob aaaaaaaaaaaa done 1 MB 500 kB/s',
      'Copying config cccccccccc done',
      'Writing manifest to image destination',
    ]);
    expect(progress.lines()).toEqual([]);
  });

  it('lets blobs that are done go first when there are more than fit', () => {
    const { progress } = startedPull();
    for (const character of ['a', 'b', 'd']) progress.log(`Copying blob sha256:${hex(character)}`);
    progress.blobs([blob('a', 'copying', 0), blob('b', 'done', 1_000_000), blob('d', 'exists', 0)]);
    expect(progress.settle(3)).toEqual([]);
    expect(progress.settle(2)).toEqual(['Copying blob bbbbbbbbbbbb done 1 MB']);
    expect(progress.settle(1)).toEqual(['Copying blob dddddddddddd skipped: already exists']);
    expect(progress.settle(0)).toEqual([]);
    expect(progress.lines()).toEqual(['Copying blob aaaaaaaaaaaa [>-------------------] 0 B / 1 MB']);
  });

  it('shows a full bar for a blob without bytes', () => {
    const { progress } = startedPull();
    progress.log(`Copying blob sha256:${hex('a')}`);
    progress.blobs([blob('a', 'copying', 0, 0)]);
    expect(progress.lines()).toEqual(['Copying blob aaaaaaaaaaaa [====================] 0 B / 0 B']);
  });
});
