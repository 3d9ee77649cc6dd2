import { describe, expect, it } from '@jest/globals';

import { parseConfig } from '../../src/oci/config.js';
import { formatDockerConfig } from '../../src/oci/docker-config.js';

const digest = `sha256:${'a'.repeat(64)}`;
const document = {
  created: '2026-01-02T03:04:05.6Z',
  author: 'me <a@b>',
  architecture: 'arm64',
  variant: 'v8',
  os: 'linux',
  config: {
    User: 'u',
    ExposedPorts: { '80/tcp': {} },
    Env: ['A=1'],
    Entrypoint: ['/e'],
    Cmd: ['c'],
    Volumes: { '/v': {} },
    WorkingDir: '/w',
    Labels: { b: '2', a: '1' },
    StopSignal: 'SIGINT',
    Shell: ['/bin/bash', '-c'],
    OnBuild: ['RUN x'],
    Healthcheck: { Test: ['CMD', 'x'], Interval: 5, StartPeriod: 7, Retries: 3 },
  },
  rootfs: { type: 'layers', diff_ids: [digest] },
  history: [
    { created: '2026-01-02T03:04:05Z', created_by: 'one', author: 'me', comment: 'FROM x' },
    { created: '2026-01-02T03:04:05Z', created_by: 'two', empty_layer: true },
  ],
};

describe('formatDockerConfig', () => {
  it('writes all that it was given, for the container as for its images', () => {
    const config = parseConfig(Buffer.from(JSON.stringify(document)));
    const bytes = formatDockerConfig(config, 'f'.repeat(64));
    const again = parseConfig(bytes);
    expect(again).toMatchObject({ ...config, raw: again.raw, containerConfig: config.config });
    expect(again.raw).toMatchObject({ parent: `sha256:${'f'.repeat(64)}` });
  });

  it('escapes as Go does and sorts labels', () => {
    const text = formatDockerConfig(parseConfig(Buffer.from(JSON.stringify(document))), '').toString();
    expect(text).toContain('"author":"me \\u003ca@b\\u003e"');
    expect(text).toContain('"Labels":{"a":"1","b":"2"}');
    expect(text).not.toContain('parent');
  });

  it('leaves out what is empty and Go leaves out, and writes what Go writes', () => {
    const text = formatDockerConfig(parseConfig(Buffer.from('{"os":"linux"}')), '').toString();
    const { config } = JSON.parse(text) as { readonly config: object };
    expect(Object.keys(config)).toEqual([
      'Hostname',
      'Domainname',
      'User',
      'AttachStdin',
      'AttachStdout',
      'AttachStderr',
      'Tty',
      'OpenStdin',
      'StdinOnce',
      'Env',
      'Cmd',
      'Image',
      'Volumes',
      'WorkingDir',
      'Entrypoint',
      'OnBuild',
      'Labels',
    ]);
  });
});
