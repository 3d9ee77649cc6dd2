import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { configurationPaths } from '../../../src/runtime/configuration-paths.js';
import {
  ContainersConfigError,
  eventsPlace,
  type EventsPlace,
} from '../../../src/runtime/events/events-place.js';

describe('the place of events', () => {
  let directory: string;
  let file: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'imaged-place-'));
    file = join(directory, 'containers.conf');
  });

  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  async function place(engine: string, options: { eventsFile?: string } = {}): Promise<EventsPlace> {
    await writeFile(file, engine);
    const environment = { CONTAINERS_CONF: file, HOME: directory };
    return await eventsPlace(configurationPaths({ environment, uid: 0, ...options }));
  }

  it.each([
    ['', '/run/libpod/events/events.log', 1_000_000],
    ['[engine]\ntmp_dir = "/run/other"', '/run/other/events/events.log', 1_000_000],
    [
      '[engine]\nevents_logfile_path = "/var/log/e"\nevents_logfile_max_size = "1.5m"',
      '/var/log/e',
      1_500_000,
    ],
    ['[engine]\nevents_logfile_max_size = "0"', '/run/libpod/events/events.log', 0],
    ['[engine]\nevents_logger = "journald"', '/run/libpod/events/events.log', 1_000_000],
    ['[engine]\nevents_logger = "none"', undefined, 1_000_000],
  ])('is where containers.conf has it: %j', async (text, path, limit) => {
    expect(await place(text)).toEqual({ path, limit });
  });

  it('is what the command line says before all', async () => {
    const { path } = await place('[engine]\nevents_logger = "none"', { eventsFile: '/tmp/e' });
    expect(path).toBe('/tmp/e');
  });

  it('is what a user’s own configuration says', async () => {
    await mkdir(join(directory, 'containers/containers.conf.d'), { recursive: true });
    await writeFile(join(directory, 'containers/containers.conf'), '[engine]\ntmp_dir = "/run/one"');
    const paths = configurationPaths({ environment: { XDG_CONFIG_HOME: directory }, uid: 1234 });
    expect(paths.podmanDirectory).toBe('/run/user/1234/libpod/tmp');
    expect((await eventsPlace(paths)).path).toBe('/run/one/events/events.log');
    const dropIn = join(directory, 'containers/containers.conf.d/10.conf');
    await writeFile(dropIn, '[engine]\nevents_logfile_path = "/run/two"');
    expect((await eventsPlace(paths)).path).toBe('/run/two');
  });

  it('is unknown when containers.conf cannot be read', async () => {
    await expect(place('[engine')).rejects.toThrow(ContainersConfigError);
    await expect(place('[engine')).rejects.toThrow(file);
  });
});
