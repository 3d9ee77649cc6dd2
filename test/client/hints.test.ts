// What imagectl advises at the end of an error's line, and what it tells those who debug.
import { afterEach, describe, expect, it } from '@jest/globals';
import { nearest } from '../../client/nearest.js';
import { ErrorOccurred, ImageNotFound } from '../../src/generated/io-podman.js';
import { imagectl } from './support/imagectl.js';
import { image, type RunningService, startService } from './support/service.js';

let service: RunningService | undefined;

afterEach(async () => {
  await service?.close();
  service = undefined;
});

type Podman = Parameters<typeof startService>[0];

async function errorOf(podman: Podman, ...args: readonly string[]): Promise<string> {
  service = await startService(podman);
  return (await imagectl(service, args)).stderr;
}

describe('an image that is not there', () => {
  const podman = (missing: string): Podman => ({
    historyImage: () => Promise.reject(new ImageNotFound(missing, `${missing}: image not known`)),
    listImages: () =>
      Promise.resolve({
        images: [
          image('a', { repoTags: ['docker.io/library/busybox:latest', 'quay.io/team/app:2'] }),
          image('b', { repoTags: ['\u001b[2Jquay.io/team/evil:1'] }),
        ],
      }),
  });

  it.each([
    ['busibox', 'docker.io/library/busybox:latest'],
    ['library/busybux', 'docker.io/library/busybox:latest'],
    ['quay.io/team/app:3', 'quay.io/team/app:2'],
    ['evli', ' [2Jquay.io/team/evil:1'],
  ])('is looked for among nearly equal names: %s', async (name, near) => {
    expect(await errorOf(podman(name), 'history', name)).toBe(
      `Error: ${name}: image not known (did you mean ${near}?)\n`,
    );
  });

  it('is left at that where nothing is near', async () => {
    expect(await errorOf(podman('nothing'), 'history', 'nothing')).toBe('Error: nothing: image not known\n');
  });
});

describe('what the service could not do', () => {
  const failing = (reason: string): Podman => ({
    searchImages: () => Promise.reject(new ErrorOccurred(reason)),
  });

  it.each([
    [
      'reading manifest of quay.io:443/a/b: unauthorized: access denied',
      'log in with `podman login quay.io:443`, or give --creds',
    ],
    ['unauthorized', 'give --creds'],
    ['write /x: no space left on device', 'make room where the store is, as with `imagectl image prune`'],
  ])('is followed by what to do about it: %s', async (reason, hint) => {
    expect(await errorOf(failing(reason), 'search', 'a')).toBe(`Error: ${reason} (${hint})\n`);
  });

  it('has no control characters of the service in it', async () => {
    expect(await errorOf(failing('a\u001b]0;title\u0007\u009bb'), 'search', 'a')).toBe(
      'Error: a ]0;title  b\n',
    );
  });
});

describe('words that are nearly those there are', () => {
  it.each([
    ['imags', ['image', 'images']],
    ['pul', ['pull']],
    ['ulpl', ['pull']],
    ['nonsense', []],
  ])('%s', (word, expected) => {
    expect(nearest(word, ['image', 'images', 'pull', 'push-all']).toSorted()).toEqual(expected);
  });

  it('are not looked for among too many, nor in what is too long', () => {
    expect(nearest('x'.repeat(10_000), ['x'.repeat(9_999)])).toEqual([]);
    const start = performance.now();
    nearest(
      'abcdefgh'.repeat(10),
      Array.from({ length: 1_000_000 }, () => 'abcdefgh'.repeat(9)),
    );
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  it('are told with an unknown command, an unknown flag, and one that is not offered', async () => {
    const nowhere = { address: 'unix:/nonexistent' };
    expect((await imagectl(nowhere, ['imags'])).stderr).toBe(
      "Error: unrecognized command `imagectl imags`\n\nDid you mean this?\n\timage\n\timages\n\nTry 'imagectl --help' for more information\n",
    );
    expect((await imagectl(nowhere, ['images', '--quit'])).stderr).toBe(
      "Error: unknown flag: --quit (did you mean --quiet?)\nSee 'imagectl images --help'\n",
    );
    expect((await imagectl(nowhere, ['image', 'trust'])).stderr).toMatch(
      /^Error: imagectl image trust is not supported: .*policy\.json\n$/,
    );
    expect((await imagectl(nowhere, ['pull', '--tls-verify=false', 'a'])).stderr).toMatch(
      /^Error: --tls-verify=false is not supported, because .*registries\.conf\n$/,
    );
  });
});

describe('--debug', () => {
  it.each([['--debug'], ['--log-level=debug']])(
    'tells address, calls and the whole error: %s',
    async (flag) => {
      const told = await errorOf(
        { searchImages: () => Promise.reject(new ErrorOccurred('why')) },
        flag,
        'search',
        'a',
      );
      const lines = told.replace(/\d+ ms/g, 'TIME').split('\n');
      expect(lines.filter((line) => !/^debug: +at /.test(line))).toEqual([
        `debug: connected to ${service?.address} after TIME`,
        'debug: call io.podman.SearchImages {"query":"a","filter":{"star_count":0}}',
        'debug: call io.podman.SearchImages: io.podman.ErrorOccurred after TIME',
        'Error: why',
        'debug: error ErrorOccurred io.podman.ErrorOccurred {"reason":"why"}: why',
        '',
      ]);
    },
  );

  it('keeps passwords to itself', async () => {
    service = await startService({
      async *pullImage() {
        yield await Promise.resolve({ reply: { logs: [], id: '' } });
        return { reply: { logs: [], id: 'i' } };
      },
    });
    const { stderr } = await imagectl(service, ['--debug', 'pull', '--creds', 'me:secret', 'a']);
    expect(stderr).toContain('"password":"***"');
    expect(stderr).toContain('ended with 2 replies');
    expect(stderr).not.toContain('secret');
  });
});
