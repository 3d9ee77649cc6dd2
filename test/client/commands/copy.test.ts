// imagectl copy: what its flags become, its log, its errors.
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  OperationFailed,
  type CopyImageParameters,
  type IoImagedService,
} from '../../../src/generated/io-imaged.js';
import { imagectl } from '../support/imagectl.js';
import { startService, type RunningService } from '../support/service.js';

const digest = `sha256:${'d'.repeat(64)}`;
const places = ['docker://example.com/a:1', 'dir:/tmp/a'];
let service: RunningService | undefined;
let asked: CopyImageParameters | undefined;

afterEach(async () => {
  await service?.close();
});

const imaged: Partial<IoImagedService> = {
  // oxlint-disable-next-line typescript/require-await -- the shape of a service
  async *copyImage(parameters) {
    asked = parameters;
    if (parameters.source === 'missing') throw new OperationFailed('copy missing: no such image');
    yield { logs: ['Copying blob sha256:1\n'], digest: '' };
    return { logs: [], digest };
  },
};

async function copy(...args: readonly string[]): ReturnType<typeof imagectl> {
  service = await startService({}, imaged);
  return await imagectl(service, ['copy', ...args]);
}

describe('copy', () => {
  it('prints the log to the errors, and the digest alone as its output', async () => {
    expect(await copy(...places)).toEqual({
      stdout: `${digest}\n`,
      stderr: 'Copying blob sha256:1\n',
      code: 0,
    });
    expect(asked).toEqual({ source: places[0], destination: places[1], options: {} });
  });

  it('prints no log with -q', async () => {
    expect(await copy('-q', ...places)).toMatchObject({ stderr: '', code: 0 });
  });

  it('passes on what it is told about the copy', async () => {
    const flags =
      '--all --dest-compress --dest-compress-format zstd --format oci --platform linux/arm64 ' +
      '--remove-signatures --sign-by KEY --src-creds ann:a:b --dest-creds bob:c';
    await copy(...flags.split(' '), ...places);
    expect(asked?.options).toEqual({
      all: true,
      compress: true,
      compression: 'zstd',
      format: 'oci',
      platform: 'linux/arm64',
      removeSignatures: true,
      signBy: 'KEY',
      sourceCredentials: { username: 'ann', password: 'a:b' },
      destinationCredentials: { username: 'bob', password: 'c' },
    });
  });

  it.each([
    [['--format', 'v1', ...places], '--format: expected oci or docker, not v1'],
    [['--dest-compress-format', 'xz', ...places], '--dest-compress-format: expected gzip or zstd, not xz'],
    [['--src-creds', 'ann', ...places], '--src-creds: expected USERNAME:PASSWORD'],
    [['missing', 'dir:/a'], 'copy missing: no such image'],
  ])('ends with 125 and one line for %j', async (args, message) => {
    expect(await copy(...args)).toEqual({ stdout: '', stderr: `Error: ${message}\n`, code: 125 });
  });
});
