import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventLog, NoEventsError } from '../../../src/runtime/events/event-log.js';

const name = 'localhost/a:1';

describe('the log of events', () => {
  let directory: string;
  let path: string;
  const warnings: string[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'imaged-events-'));
    path = join(directory, 'events/events.log');
    warnings.length = 0;
  });

  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  function log(place: { readonly path: string | undefined; readonly limit: number }): EventLog {
    return new EventLog(
      () => Promise.resolve(place),
      (message) => warnings.push(message),
    );
  }

  async function ids(): Promise<string[]> {
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    return lines.map((line) => {
      const { ID = '', Status } = JSON.parse(line) as { ID?: string; Status: string };
      return `${Status} ${ID}`.trimEnd();
    });
  }

  it('makes the file and its directory for their owner alone', async () => {
    await log({ path, limit: 0 }).write({ status: 'pull', id: 'abc', name });
    expect(await ids()).toEqual(['pull abc']);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect((await stat(join(directory, 'events'))).mode & 0o777).toBe(0o700);
  });

  it('keeps the newer half when the file is full, and says so', async () => {
    const events = log({ path, limit: 2000 });
    for (let id = 0; id < 30; id += 1) await events.write({ status: 'pull', id: String(id), name });
    const all = await ids();
    expect((await stat(path)).size).toBeLessThan(2000);
    expect(all.at(-1)).toBe('pull 29');
    expect(all).toContain('log-rotation');
    const pulled = all.filter((line) => line !== 'log-rotation').map((line) => Number(line.slice(5)));
    expect(pulled).toEqual(Array.from(pulled, (_, index) => 30 - pulled.length + index));
    expect(pulled.length).toBeGreaterThan(5);
    expect(await readdir(join(directory, 'events'))).toEqual(['events.log', 'events.log.lock']);
    expect(warnings).toEqual([]);
  });

  it('warns when an event cannot be written', async () => {
    await log({ path: '/dev/null/events.log', limit: 0 }).write({ status: 'pull', id: 'abc', name });
    expect(warnings).toEqual([expect.stringMatching(/^event pull of image abc was not written: .*EEXIST/)]);
  });

  it('writes nothing and refuses to read where nobody wants events', async () => {
    const events = log({ path: undefined, limit: 0 });
    await events.write({ status: 'pull', id: 'abc', name });
    expect(await readdir(directory)).toEqual([]);
    await expect(events.read('start')).rejects.toThrow(NoEventsError);
    expect(warnings).toEqual([]);
  });
});
