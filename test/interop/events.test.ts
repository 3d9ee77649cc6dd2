// Events: imaged and podman read each other's, those that were and those that come.
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { pause } from '../protocol/until.js';
import { buildImage } from '../peers/sample-image.js';
import { stop, Transcript } from './support/process.js';
import { Scene } from './support/scene.js';
import type { VarlinkConnection } from './support/varlink.js';

interface Event {
  readonly id: string;
  readonly image: string;
  readonly name: string;
  readonly status: string;
  readonly time: string;
  readonly type: string;
}

const none: Event = { id: '', image: '', name: '', status: '', time: '', type: '' };

describe('events', () => {
  let scene: Scene;
  let eventsFile: string;
  let image: string;
  let id: string;
  const connections: VarlinkConnection[] = [];
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    scene = await Scene.open();
    const { directory } = scene.store;
    eventsFile = join(directory, 'events.log');
    const conf = join(directory, 'containers.conf');
    const settings = `events_logger = "file"\nevents_logfile_path = ${JSON.stringify(eventsFile)}`;
    await writeFile(conf, (await readFile(conf, 'utf8')).replace('events_logger = "none"', settings));
    image = scene.serve('a', await buildImage({ layers: [[{ name: 'a', content: 'a' }]] }));
    id = await scene.daemon.pull(image);
  });

  afterEach(async () => {
    for (const connection of connections.splice(0)) connection.close();
    for (const child of children.splice(0)) await stop(child);
  });

  afterAll(async () => {
    await scene.close();
  });

  /** A call with `more`, whose events are asked for one by one. */
  async function follow(
    parameters: { filter?: readonly string[]; since?: string; until?: string },
    address = scene.daemon,
  ): Promise<() => Promise<Event>> {
    const connection = await address.connect();
    connections.push(connection);
    connection.send({ method: 'io.podman.GetEvents', parameters, more: true });
    return async () => (await connection.receive()).parameters['events'] as Event;
  }

  async function oldest(parameters: object): Promise<Event> {
    const { events } = await scene.daemon.call<{ events: Event }>('GetEvents', { ...parameters });
    return events;
  }

  /** Now, as both write it. */
  function now(): string {
    return new Date().toISOString();
  }

  it('of podman are told, those that were and those that come', async () => {
    const since = now();
    await scene.store.podmanOutput('tag', image, 'localhost/past:1');
    const next = await follow({ since, filter: ['type=image'] });
    expect(await next()).toMatchObject({ id, status: 'tag', type: 'image' });
    await scene.store.podmanOutput('untag', image, 'localhost/past:1');
    expect(await next()).toMatchObject({ id, status: 'untag', type: 'image' });
  });

  it('of imaged are seen by podman, those that were and those that come', async () => {
    const since = now();
    await scene.daemon.call('TagImage', { name: id, tagged: 'localhost/seen:1' });
    const { store } = scene;
    const args = [
      ...store.podmanOptions(),
      'events',
      '--since',
      since,
      '--format',
      '{{.Status}} {{.Name}} {{.ID}}',
    ];
    const child = spawn('podman', args, { env: store.environment, stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    const log = new Transcript(child.stdout, child.stderr);
    const over = (): boolean => child.exitCode !== null;
    expect(await log.match(new RegExp(`^tag ${image} ${id}$`, 'm'), over)).toBeDefined();
    await scene.daemon.call('UntagImage', { name: id, tag: 'localhost/seen:1' });
    expect(await log.match(new RegExp(`^untag ${image} ${id}$`, 'm'), over)).toBeDefined();
  });

  it('are told to all who follow, without those of the past, until they leave', async () => {
    const callers = await Promise.all(Array.from({ length: 20 }, () => follow({ filter: ['event=tag'] })));
    // Nothing tells when a call has begun to listen: the next one on its connection would, but there is none.
    await pause(200);
    await scene.daemon.call('TagImage', { name: id, tagged: 'localhost/all:1' });
    const told = await Promise.all(callers.map((next) => next()));
    expect(new Set(told.map(({ time }) => time)).size).toBe(1);
    expect(told[0]).toMatchObject({ id, name: image, status: 'tag', type: 'image' });
    for (const connection of connections.splice(0)) connection.close();
    const isOpen = (name: string): boolean => name.includes('events.log');
    while ((await scene.daemon.descriptors()).some(isOpen)) await pause(20);
  });

  it('end with an empty one at the time that was asked for', async () => {
    const next = await follow({ since: '1h', until: '500ms', filter: ['event=pull'] });
    expect(await next()).toMatchObject({ id, name: image, status: 'pull' });
    expect(await next()).toEqual(none);
    const past = await follow({ until: now(), filter: ['event=pull'] });
    expect(await past()).toMatchObject({ id, name: image, status: 'pull' });
    expect(await past()).toEqual(none);
  });

  it('are told one at a time to who does not want more, by their times one after the other', async () => {
    const all: Event[] = [];
    for (let since = '0'; ; since = all.at(-1)?.time ?? '') {
      const event = await oldest({ since, filter: ['type=image'] });
      if (event.time === '') break;
      all.push(event);
    }
    const lines = (await readFile(eventsFile, 'utf8')).trimEnd().split('\n');
    const images = lines.filter((line) => line.includes('"Type":"image"'));
    expect(all.map(({ time }) => time)).toEqual(
      images.map((line) => (JSON.parse(line) as { Time: string }).Time),
    );
    expect(all.length).toBeGreaterThan(4);
    expect(await oldest({ filter: ['event=renumber'] })).toEqual(none);
  });

  it.each([
    [{ filter: ['nonsense'] }, 'nonsense is an invalid filter'],
    [{ filter: ['color=red'] }, 'color is an invalid filter'],
    [{ since: 'soon' }, 'unable to convert since time of soon: unable to interpret time value'],
  ])('are refused at once for %j', async (parameters, reason) => {
    const failure = {
      error: 'io.podman.ErrorOccurred',
      reason: `unable to generate event options: ${reason}`,
    };
    await expect(oldest(parameters)).rejects.toMatchObject(failure);
    await expect((await follow(parameters))()).rejects.toMatchObject(failure);
  });

  it('are told although other programs write what is none', async () => {
    const since = now();
    const next = await follow({ since, filter: ['event=tag'] });
    await appendFile(eventsFile, `nonsense\n{}\n${'x'.repeat(10_000_000)}\n`);
    await scene.daemon.call('TagImage', { name: id, tagged: 'localhost/foreign:1' });
    expect(await next()).toMatchObject({ id, status: 'tag' });
    await writeFile(eventsFile, '');
    await scene.daemon.call('UntagImage', { name: id, tag: 'localhost/foreign:1' });
    await scene.daemon.call('TagImage', { name: id, tagged: 'localhost/foreign:1' });
    expect(await next()).toMatchObject({ id, status: 'tag' });
  });

  it('go on through rotations by podman and by imaged', async () => {
    const fill = async (count: number): Promise<void> => {
      const event = { Status: 'refresh', Time: now(), Type: 'system' };
      const lines = Array.from({ length: count }, (_, index) =>
        JSON.stringify({ Name: `${index}`.padEnd(900), ...event }),
      );
      await appendFile(eventsFile, `${lines.join('\n')}\n`);
    };
    await fill(1100);
    const since = now();
    const next = await follow({ since, filter: ['event=tag', 'event=untag'] });
    const rotations = async (): Promise<number> =>
      (await readFile(eventsFile, 'utf8')).split('log-rotation').length - 1;
    await scene.store.podmanOutput('tag', image, 'localhost/rotated:1');
    expect(await rotations()).toBe(1);
    await fill(700);
    await scene.daemon.call('UntagImage', { name: id, tag: 'localhost/rotated:1' });
    expect(await next()).toMatchObject({ status: 'tag' });
    expect(await next()).toMatchObject({ status: 'untag' });
    expect(await rotations()).toBe(1);
    await scene.daemon.call('TagImage', { name: id, tagged: 'localhost/rotated:1' });
    const last = await next();
    expect(last).toMatchObject({ status: 'tag' });
    expect(await oldest({ since: last.time, filter: ['event=tag'] })).toEqual(none);
  });

  it('of a hundred thousand cost neither time of others nor memory', async () => {
    const line = (index: number): string =>
      JSON.stringify({
        ID: id,
        Name: `n${index}`,
        Status: 'pull',
        Time: now(),
        Type: 'image',
        Attributes: null,
      });
    await writeFile(eventsFile, Array.from({ length: 100_000 }, (_, index) => `${line(index)}\n`).join(''));
    const before = await scene.daemon.peakRss();
    const asked = await scene.daemon.connect();
    connections.push(asked);
    let answered = 0;
    const read = new AbortController();
    const asking = (async () => {
      for (; !read.signal.aborted; answered += 1) await asked.call('org.varlink.service.GetInfo');
    })();
    // Nothing is read of what this one is sent.
    const idle = await scene.daemon.connect();
    connections.push(idle);
    idle.socket.pause();
    idle.send({ method: 'io.podman.GetEvents', parameters: { since: '0' }, more: true });
    expect(await oldest({ filter: ['image=none'] })).toEqual(none);
    expect(await oldest({ filter: ['image=n99999'] })).toMatchObject({ name: 'n99999' });
    read.abort();
    await asking;
    expect(answered).toBeGreaterThan(100);
    expect((await scene.daemon.peakRss()) - before).toBeLessThan(100_000_000);
  });
});
