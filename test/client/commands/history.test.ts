// imagectl history, laid out as podman 4.3 lays out the same history.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ImageNotFound } from '../../../src/generated/io-podman.js';
import { imagectl } from '../support/imagectl.js';
import type { RunningService } from '../support/service.js';
import { startService } from '../support/service.js';

const id = 'b'.repeat(64);
const tags = ['docker.io/library/one:1'];
const missing = { id: '<missing>', comment: '', tags };
const steps = [
  { id, created: '2024-01-10T23:59:09Z', createdBy: `RUN ${'y'.repeat(42)}`, size: 0, comment: 'last', tags },
  { ...missing, created: '0001-01-01T00:00:00Z', createdBy: 'CMD', size: 0 },
  { ...missing, created: '2024-01-01T00:00:00Z', createdBy: 'ADD\tfile', size: 2048 },
];

let service: RunningService;
beforeAll(async () => {
  service = await startService({
    // oxlint-disable-next-line typescript/require-await -- the shape of a service
    historyImage: async ({ name }) => {
      if (name !== 'one') throw new ImageNotFound(name, `${name}: image not known`);
      return { history: steps };
    },
  });
});
afterAll(() => service.close());

describe('history', () => {
  it.each([[['history']], [['image', 'history']]])('prints the steps, newest first: %j', async (command) => {
    const { stdout, code } = await imagectl(service, [...command, 'one']);
    expect([code, stdout]).toEqual([
      0,
      [
        'ID            CREATED         CREATED BY                                     SIZE        COMMENT',
        'bbbbbbbbbbbb  51 seconds ago  RUN yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy...  0 B         last',
        '<missing>     292 years ago   CMD                                            0 B         ',
        '<missing>     10 days ago     ADD file                                       2.05 kB     ',
        '',
      ].join('\n'),
    ]);
  });

  it('shows ids and commands as a whole with --no-trunc', async () => {
    const { stdout } = await imagectl(service, ['history', '--no-trunc', 'one']);
    expect(stdout.split('\n')[1]).toBe(`${id}  51 seconds ago  RUN ${'y'.repeat(42)}  0 B         last`);
  });

  it.each([['-H=false'], ['--human=false'], ['--no-human']])(
    'prints dates as they are with %s',
    async (flag) => {
      const { stdout } = await imagectl(service, ['history', flag, 'one']);
      expect(stdout.split('\n')[2]).toMatch(/^<missing> {5}0001-01-01T00:00:00Z {2}CMD /);
    },
  );

  it('prints ids alone with -q', async () => {
    expect((await imagectl(service, ['history', '-q', 'one'])).stdout).toBe(
      'bbbbbbbbbbbb\n<missing>\n<missing>\n',
    );
    expect((await imagectl(service, ['history', '-q', '--no-trunc', 'one'])).stdout).toMatch(
      new RegExp(`^${id}\n`),
    );
  });

  it('prints JSON on one line, as podman does', async () => {
    const { stdout } = await imagectl(service, ['history', '--format', 'json', 'one']);
    expect(stdout).toMatch(/^\[.*\]\n$/);
    expect(JSON.parse(stdout)).toEqual([
      {
        id,
        created: steps[0]?.created,
        CreatedBy: steps[0]?.createdBy,
        size: 0,
        comment: 'last',
        Created: steps[0]?.created,
      },
      ...steps.slice(1).map(({ created, createdBy, size }) => ({
        id: '<missing>',
        created,
        CreatedBy: createdBy,
        size,
        Created: created,
      })),
    ]);
    expect(stdout).toContain(String.raw`"\u003cmissing\u003e"`);
  });

  it('says that there is no such image', async () => {
    expect(await imagectl(service, ['history', 'nix'])).toEqual({
      stdout: '',
      stderr: 'Error: nix: image not known\n',
      code: 125,
    });
  });

  it.each([[[]], [['a', 'b']]])('refuses %j', async (args) => {
    const { stderr, code } = await imagectl(service, ['history', ...args]);
    expect([stderr, code]).toEqual([`Error: accepts 1 arg(s), received ${args.length}\n`, 125]);
  });
});
