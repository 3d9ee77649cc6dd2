// imagectl pull: its log on a pipe, its progress on a terminal, its errors.
import { afterEach, describe, expect, it } from '@jest/globals';
import { OperationFailed } from '../../../src/generated/io-imaged.js';
import { CommandError } from '../../../client/errors.js';
import { imagectl } from '../support/imagectl.js';
import { imageId, pullLines, pullServices } from '../support/pull.js';
import { Screen } from '../support/screen.js';
import type { RunningService } from '../support/service.js';
import { startService } from '../support/service.js';
import { until } from '../support/until.js';

const name = 'docker.io/library/sample:1';
let services: RunningService[] = [];

async function start(...parts: Parameters<typeof startService>): Promise<RunningService> {
  const service = await startService(...parts);
  services.push(service);
  return service;
}

afterEach(async () => {
  await Promise.all(services.map((service) => service.close()));
  services = [];
});

describe('pull, its errors going to a pipe', () => {
  it.each([[['pull']], [['image', 'pull']]])(
    'prints the log there and the id as the only output: %j',
    async (command) => {
      const service = await start(pullServices().podman);
      expect(await imagectl(service, [...command, name])).toEqual({
        stdout: `${imageId}\n`,
        stderr: pullLines.join(''),
        code: 0,
      });
      expect(service.calls).toEqual([['pullImage', { name, creds: { username: '', password: '' } }]]);
    },
  );

  it('prints the id alone with -q', async () => {
    const service = await start(pullServices().podman);
    expect(await imagectl(service, ['pull', '-q', name])).toEqual({
      stdout: `${imageId}\n`,
      stderr: '',
      code: 0,
    });
  });

  it('passes credentials on; the password may hold colons', async () => {
    const service = await start(pullServices().podman);
    await imagectl(service, ['pull', '-q', '--creds', 'ann:a:b', name]);
    expect(service.calls).toEqual([['pullImage', { name, creds: { username: 'ann', password: 'a:b' } }]]);
  });

  it('goes on after a name that fails, and tells the errors in the end', async () => {
    const service = await start(pullServices().podman);
    expect(await imagectl(service, ['pull', '-q', 'nope:1', name, 'nope:2'])).toEqual({
      stdout: `${imageId}\n`,
      stderr:
        'Error: unable to pull nope:1: manifest unknown\nError: unable to pull nope:2: manifest unknown\n',
      code: 125,
    });
  });

  it.each([
    [[], 'requires at least 1 arg(s), only received 0'],
    [['--creds', 'ann', 'a'], '--creds: expected USERNAME:PASSWORD'],
    [['--creds', ':pw', 'a'], '--creds: expected USERNAME:PASSWORD'],
  ])('refuses %j', async (args, message) => {
    const service = await start({});
    expect(await imagectl(service, ['pull', ...args])).toEqual({
      stdout: '',
      stderr: `Error: ${message}\n`,
      code: 125,
    });
    expect(service.calls).toEqual([]);
  });
});

describe('pull --all-tags', () => {
  const listing = {
    async listTags({ name }: { readonly name: string }) {
      if (name === 'gone') throw new OperationFailed('name unknown');
      return { name: 'quay.io/a/b', tags: name === 'half' ? ['z', 'nope', '1'] : ['z', '1'] };
    },
  };
  const pulled = ({ calls }: RunningService): string[] =>
    calls.map(([, parameters]) => (parameters as { name: string }).name);

  it('pulls each tag in the order of the registry', async () => {
    const service = await start(pullServices().podman, listing);
    expect(await imagectl(service, ['pull', '-a', 'gone', 'b:7'])).toEqual({
      stdout: `${imageId}\n${imageId}\n`,
      stderr: `${pullLines.join('')}${pullLines.join('')}Error: name unknown\n`,
      code: 125,
    });
    expect(pulled(service)).toEqual(['quay.io/a/b:z', 'quay.io/a/b:1']);
  });

  it('stops at the first tag that fails, and tells no ids then', async () => {
    const service = await start(pullServices().podman, listing);
    expect(await imagectl(service, ['pull', '-q', '--all-tags', 'half'])).toEqual({
      stdout: '',
      stderr: 'Error: unable to pull quay.io/a/b:nope: manifest unknown\n',
      code: 125,
    });
    expect(pulled(service)).toEqual(['quay.io/a/b:z', 'quay.io/a/b:nope']);
  });
});

describe('pull on a terminal', () => {
  const done = [
    'Trying to pull docker.io/library/sample:1...',
    'Getting image source signatures',
    'Copying blob aaaaaaaaaaaa done 2 MB RATE',
    'Copying blob bbbbbbbbbbbb skipped: already exists',
    'Copying config 1111111111 done',
    'Writing manifest to image destination',
    'Storing signatures',
  ].join('\n');
  const masked = (text: string): string => text.replace(/ [\d.]+ [kMG]?B\/s/g, ' RATE');

  it('leaves one line for each blob behind', async () => {
    const { podman, imaged } = pullServices();
    const service = await start(podman, imaged);
    const screen = new Screen();
    const { stdout, code } = await imagectl(service, ['pull', name], { terminal: screen, now: Date.now });
    expect([masked(screen.text()), stdout, code]).toEqual([done, `${imageId}\n`, 0]);
  });

  it('shows bytes growing while they come', async () => {
    const { podman, imaged } = pullServices({ pace: 50 });
    const service = await start(podman, imaged);
    const screen = new Screen();
    await imagectl(service, ['pull', name], { terminal: screen, now: Date.now });
    const shown = screen.writes.join('').match(/\[=*>?-*\] [\d.]+ k?M?B \/ 2 MB/g) ?? [];
    const filled = shown.map((text) => text.indexOf('>'));
    expect(filled.length).toBeGreaterThan(2);
    expect(filled).toEqual(filled.toSorted((a, b) => a - b));
  });

  it('does without bytes when the service has no io.imaged', async () => {
    const service = await start(pullServices().podman);
    const screen = new Screen();
    const { code } = await imagectl(service, ['pull', name], { terminal: screen, now: Date.now });
    expect([screen.text(), code]).toEqual([
      done.replace(' 2 MB RATE', '').replace('skipped: already exists', 'done'),
      0,
    ]);
  });

  it('says nothing there with -q', async () => {
    const service = await start(pullServices().podman);
    const screen = new Screen();
    await imagectl(service, ['pull', '-q', name], { terminal: screen });
    expect(screen.writes).toEqual([]);
  });

  it('leaves what was there when it is interrupted, and the service gives the pull up', async () => {
    const { podman, imaged, trace } = pullServices({ stall: true });
    const service = await start(podman, imaged);
    const screen = new Screen();
    const interrupt = new AbortController();
    const running = imagectl(service, ['pull', name], {
      terminal: screen,
      now: Date.now,
      signal: interrupt.signal,
    });
    await until(() => screen.text().includes('already exists'));
    interrupt.abort(new CommandError('', 130));
    expect(await running).toMatchObject({ stdout: '', code: 130 });
    expect(screen.text().split('\n')).toHaveLength(4);
    await until(() => trace.outcome === 'aborted');
  });
});
