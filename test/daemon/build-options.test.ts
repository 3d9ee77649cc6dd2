// The options that say what builds may do.
import { describe, expect, it } from '@jest/globals';
import { readOptions } from '../../src/daemon/options.js';
import type { BuildPolicy } from '../../src/runtime/builds/build-policy.js';

function policyOf(...args: readonly string[]): BuildPolicy | undefined {
  const options = readOptions(['--address', 'unix:/a', ...args], {}, { pid: 1, uid: 0 });
  if (typeof options === 'string') throw new Error(options);
  return options.builds;
}

describe('the options of builds', () => {
  it('are not needed', () => {
    expect(policyOf()).toEqual({
      isolation: 'auto',
      denied: new Set(),
      contextBytes: 16 * 1024 ** 3,
      newStepLines: false,
      epoch: undefined,
    });
  });

  it('say all that can be said', () => {
    const args =
      '--build-isolation chroot --build-deny volumes,devices --build-deny insecure --build-context-size 500m ' +
      '--build-step-lines staged --source-date-epoch 1700000000';
    expect(policyOf(...args.split(' '))).toEqual({
      isolation: 'chroot',
      denied: new Set(['volumes', 'devices', 'insecure']),
      contextBytes: 500 * 1024 ** 2,
      newStepLines: true,
      epoch: 1_700_000_000,
    });
  });

  it('deny everything with one word', () => {
    expect([...(policyOf('--build-deny', 'all')?.denied ?? [])]).toEqual([
      'volumes',
      'devices',
      'capabilities',
      'runtime-args',
      'insecure',
      'host-network',
    ]);
  });

  it.each([
    ['--build-isolation', 'jail', '--build-isolation jail: expected auto, oci, chroot'],
    ['--build-deny', 'volumes,fun', '--build-deny fun: expected volumes, '],
    ['--build-context-size', '0', '--build-context-size 0: expected bytes'],
    ['--build-context-size', '12x', '--build-context-size 12x: expected bytes'],
    ['--build-context-size', '999999999t', '--build-context-size 999999999t: expected bytes'],
    ['--build-step-lines', 'new', '--build-step-lines new: expected total, staged'],
    ['--source-date-epoch', 'now', '--source-date-epoch now: expected seconds'],
  ])('%s %s is refused', (flag, value, message) => {
    expect(() => policyOf(flag, value)).toThrow(expect.objectContaining({ code: 'USAGE' }));
    expect(() => policyOf(flag, value)).toThrow(message);
  });
});
