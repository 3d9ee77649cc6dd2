import { readdirSync } from 'node:fs';
import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventTail } from '../../../src/runtime/events/event-tail.js';

describe('the tail of an events file', () => {
  let directory: string;
  let path: string;
  let tail: EventTail | undefined;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'imaged-tail-'));
    path = join(directory, 'events.log');
  });

  afterEach(async () => {
    await tail?.[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });

  async function begin(from: 'start' | 'end', content?: string): Promise<void> {
    if (content !== undefined) await writeFile(path, content);
    tail = await EventTail.open(path, from);
  }

  async function rest(): Promise<string[]> {
    const lines: string[] = [];
    for (let some = await tail!.read(); some.length > 0; some = await tail!.read()) lines.push(...some);
    return lines;
  }

  it('has the lines from the start, and those that come', async () => {
    await begin('start', 'a\nb\n');
    expect(await rest()).toEqual(['a', 'b']);
    expect(await rest()).toEqual([]);
    await appendFile(path, 'c\n');
    expect(await rest()).toEqual(['c']);
  });

  it('has only those that come when it begins at the end', async () => {
    await begin('end', 'a\nb\n');
    expect(await rest()).toEqual([]);
    await appendFile(path, 'c\n');
    expect(await rest()).toEqual(['c']);
  });

  it('waits for the rest of a line, also of one that is there at the beginning', async () => {
    await begin('end', 'a\nb');
    expect(await rest()).toEqual([]);
    await appendFile(path, 'b\nc');
    expect(await rest()).toEqual(['bb']);
    await appendFile(path, 'c\n');
    expect(await rest()).toEqual(['cc']);
  });

  it('leaves nothing open of what is no file', async () => {
    const open = (): string[] => readdirSync('/proc/self/fd').toSorted();
    const before = open();
    await expect(EventTail.open(directory, 'end')).rejects.toThrow('EISDIR');
    expect(open()).toEqual(before);
  });

  it('reads a file that was not there', async () => {
    await begin('end');
    expect(await rest()).toEqual([]);
    await writeFile(path, 'a\n');
    expect(await rest()).toEqual(['a']);
  });

  it('passes over a line of ten megabytes, and keeps what is beside it', async () => {
    await begin('start', `a\n${'x'.repeat(10_000_000)}\nb\n`);
    expect(await rest()).toEqual(['a', 'b']);
    await appendFile(path, 'y'.repeat(1_000_000));
    expect(await rest()).toEqual([]);
    await appendFile(path, 'y\nc\n');
    expect(await rest()).toEqual(['c']);
  });

  it('keeps characters together that lie across two pieces of the file', async () => {
    const line = 'ä'.repeat(50_000);
    await begin('start', `x${line}\n${line}\n`);
    expect(await rest()).toEqual([`x${line}`, line]);
  });

  it('gives no more at once than what is parsed in a moment', async () => {
    await begin('start', `${'x'.repeat(99)}\n`.repeat(10_000));
    let count = 0;
    for (let some = await tail!.read(); some.length > 0; some = await tail!.read()) {
      expect(some.length).toBeLessThanOrEqual(400);
      count += some.length;
    }
    expect(count).toBe(10_000);
  });

  it.each(['start', 'end'] as const)('goes on after a rotation where it was, from the %s', async (from) => {
    await begin(from, 'a\nb\nc\nd\n');
    await rest();
    await appendFile(path, 'e\n');
    await writeFile(join(directory, 'newer'), 'c\nd\ne\nf\n');
    await rename(join(directory, 'newer'), path);
    await appendFile(path, 'g\n');
    expect(await rest()).toEqual(['e', 'f', 'g']);
  });

  it('reads all of a file that has nothing of the one it replaces', async () => {
    await begin('start', 'a\nb\n');
    await rest();
    await rm(path);
    expect(await rest()).toEqual([]);
    await writeFile(path, 'c\n');
    expect(await rest()).toEqual(['c']);
  });

  it('reads a file that was cut from its start', async () => {
    await begin('start', 'a\nb\n');
    await rest();
    await truncate(path);
    await appendFile(path, 'c\n');
    expect(await rest()).toEqual(['c']);
  });
});
