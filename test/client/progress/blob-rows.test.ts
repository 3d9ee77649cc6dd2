// The lines of a pull on a terminal.
import { describe, expect, it } from '@jest/globals';
import { BlobRows } from '../../../client/progress/blob-rows.js';
import type { BlobState } from '../../../client/progress/blob-rows.js';

const hex = (character: string): string => character.repeat(64);
const blob = (character: string, state: BlobState['state'], done: number, total = 1_000_000): BlobState => ({
  digest: `sha256:${hex(character)}`,
  total,
  done,
  state,
});

function startedPull() {
  const clock = { now: 1000 };
  const progress = new BlobRows(() => clock.now);
  return { clock, progress };
}

describe('BlobRows', () => {
  it('gives lines about other things than blobs back at once', () => {
    const { progress } = startedPull();
    expect(progress.log('Trying to pull a:1...')).toEqual(['Trying to pull a:1...']);
    expect(progress.lines(24, 100)).toEqual([]);
  });

  it('shows a blob as soon as the log has it, with bytes as soon as they are known', () => {
    const { progress, clock } = startedPull();
    expect(progress.log(`Copying blob sha256:${hex('a')}`)).toEqual([]);
    expect(progress.lines(24, 100)).toEqual(['Copying blob aaaaaaaaaaaa']);
    clock.now += 500;
    progress.blobs([blob('a', 'copying', 500_000), blob('b', 'waiting', 0)]);
    expect(progress.lines(24, 100)).toEqual([
      'Copying blob aaaaaaaaaaaa [==========>---------] 500 kB / 1 MB 1 MB/s 1s left',
      'Total 0/2 blobs [=====>--------------] 500 kB / 2 MB',
    ]);
    progress.log(`Copying blob sha256:${hex('b')}`);
    expect(progress.lines(24, 100)[1]).toBe('Copying blob bbbbbbbbbbbb waiting 1 MB');
  });

  it('shows the rate of the last seconds, and in the end of all of them', () => {
    const { progress, clock } = startedPull();
    progress.log(`Copying blob sha256:${hex('a')}`);
    for (const done of [100_000, 200_000, 300_000, 300_000, 300_000, 300_000]) {
      clock.now += 1000;
      progress.blobs([blob('a', 'copying', done)]);
    }
    expect(progress.lines(24, 100)).toEqual([
      'Copying blob aaaaaaaaaaaa [======>-------------] 300 kB / 1 MB 0 B/s',
    ]);
    clock.now += 4000;
    progress.blobs([blob('a', 'done', 1_000_000)]);
    clock.now += 9000;
    expect(progress.lines(24, 100)).toEqual(['Copying blob aaaaaaaaaaaa done 1 MB 100 kB/s']);
  });

  it('does not count the time that a blob waits', () => {
    const { progress, clock } = startedPull();
    progress.log(`Copying blob sha256:${hex('a')}`);
    clock.now += 5000;
    progress.blobs([blob('a', 'waiting', 0)]);
    clock.now += 1000;
    progress.blobs([blob('a', 'done', 1_000_000)]);
    expect(progress.lines(24, 100)).toEqual(['Copying blob aaaaaaaaaaaa done 1 MB 1 MB/s']);
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
    expect(progress.lines(24, 100)).toEqual([]);
  });

  it('lets blobs that are done go first when there are more than fit', () => {
    const { progress } = startedPull();
    for (const character of ['a', 'b', 'd']) progress.log(`Copying blob sha256:${hex(character)}`);
    progress.blobs([blob('a', 'copying', 0), blob('b', 'done', 1_000_000), blob('d', 'exists', 0)]);
    expect(progress.settle(3)).toEqual([]);
    expect(progress.settle(2)).toEqual(['Copying blob bbbbbbbbbbbb done 1 MB']);
    expect(progress.settle(1)).toEqual(['Copying blob dddddddddddd skipped: already exists']);
    expect(progress.settle(0)).toEqual([]);
    expect(progress.lines(24, 100)).toEqual([
      'Copying blob aaaaaaaaaaaa [>-------------------] 0 B / 1 MB',
      'Total 1/2 blobs [==========>---------] 1 MB / 2 MB',
    ]);
  });

  it('keeps what is copied where there is no room for all, and the total where there is for nothing else', () => {
    const { progress } = startedPull();
    for (const character of ['a', 'b', 'd']) progress.log(`Copying blob sha256:${hex(character)}`);
    progress.blobs([blob('a', 'waiting', 0), blob('b', 'copying', 0), blob('d', 'waiting', 0)]);
    const labels = (height: number): string[] =>
      progress.lines(height, 100).map((line) => line.split(' ').slice(0, 3).join(' '));
    expect(labels(3)).toEqual(['Copying blob aaaaaaaaaaaa', 'Copying blob bbbbbbbbbbbb', 'Total 0/3 blobs']);
    expect(labels(2)).toEqual(['Copying blob bbbbbbbbbbbb', 'Total 0/3 blobs']);
    expect(labels(1)).toEqual(['Total 0/3 blobs']);
  });

  it('adds all blobs up, those that have left the screen too, but none that need not come', () => {
    const { progress, clock } = startedPull();
    for (const character of ['a', 'b', 'e']) progress.log(`Copying blob sha256:${hex(character)}`);
    progress.blobs([blob('a', 'copying', 0), blob('b', 'copying', 0), blob('e', 'exists', 1_000_000)]);
    clock.now += 1000;
    progress.blobs([blob('a', 'done', 1_000_000), blob('b', 'copying', 500_000)]);
    progress.settle(1);
    expect(progress.lines(24, 100).at(-1)).toBe(
      'Total 1/2 blobs [===============>----] 1.5 MB / 2 MB 1.5 MB/s 1s left',
    );
  });

  it('becomes slower while nothing comes', () => {
    const { progress, clock } = startedPull();
    progress.log(`Copying blob sha256:${hex('a')}`);
    clock.now += 1000;
    progress.blobs([blob('a', 'copying', 500_000)]);
    clock.now += 1000;
    progress.tick();
    expect(progress.lines(24, 100)).toEqual([
      'Copying blob aaaaaaaaaaaa [==========>---------] 500 kB / 1 MB 250 kB/s 2s left',
    ]);
  });

  it('leaves the blobs of other images alone when one of several is complete', () => {
    const { progress } = startedPull();
    for (const character of ['a', 'b']) progress.log(`Copying blob sha256:${hex(character)}`);
    progress.blobs([blob('a', 'done', 1_000_000), blob('b', 'copying', 0)]);
    const line = 'Writing manifest to image destination';
    expect(progress.log(line, true)).toEqual([line]);
    expect(progress.lines(24, 100)).toHaveLength(3);
  });

  it('shows blobs that the log does not tell of where it is elsewhere', () => {
    const { progress } = startedPull();
    const states = [blob('a', 'copying', 0), blob('e', 'exists', 0)];
    progress.blobs(states);
    progress.show(states);
    expect(progress.lines(24, 100)).toEqual(['Copying blob aaaaaaaaaaaa [>-------------------] 0 B / 1 MB']);
    expect(progress.finish()).toEqual(['Copying blob aaaaaaaaaaaa done 1 MB']);
    progress.show(states);
    expect(progress.lines(24, 100)).toEqual([]);
  });

  it('shows files that are sent, of known length or not', () => {
    const { progress, clock } = startedPull();
    progress.file('Sending', '/very/long/way/to/an/archive.tar', 0, 2_000_000);
    progress.file('Writing', 'standard output', 0, undefined);
    clock.now += 1000;
    progress.file('Sending', '/very/long/way/to/an/archive.tar', 500_000, 2_000_000);
    progress.file('Writing', 'standard output', 3000, undefined);
    expect(progress.lines(24, 100)).toEqual([
      'Sending …o/an/archive.tar [=====>--------------] 500 kB / 2 MB 500 kB/s 3s left',
      'Writing standard output 3 kB 3 kB/s',
    ]);
    expect(progress.finish()).toEqual([
      'Sending …o/an/archive.tar done 2 MB 2 MB/s',
      'Writing standard output done 3 kB 3 kB/s',
    ]);
  });

  it('shows a full bar for a blob without bytes', () => {
    const { progress } = startedPull();
    progress.log(`Copying blob sha256:${hex('a')}`);
    progress.blobs([blob('a', 'copying', 0, 0)]);
    expect(progress.lines(24, 100)).toEqual(['Copying blob aaaaaaaaaaaa [====================] 0 B / 0 B']);
  });
});
