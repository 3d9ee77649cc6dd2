import { describe, expect, it } from '@jest/globals';
import { ConfigError, parseConfig } from '../../src/oci/config.js';

const parse = (value: unknown): ReturnType<typeof parseConfig> =>
  parseConfig(Buffer.from(JSON.stringify(value)));

describe('an image configuration', () => {
  it('gives what is said about the image, texts as they were written', () => {
    const diffId = `sha256:${'d'.repeat(64)}`;
    const config = parse({
      created: '2020-01-02T03:04:05.678900000+01:00',
      author: 'me',
      architecture: 'arm',
      variant: 'v7',
      os: 'linux',
      docker_version: '19.03',
      comment: 'hello',
      rootfs: { type: 'layers', diff_ids: [diffId] },
      history: [{ created: '2020', created_by: 'RUN x', author: 'a', comment: 'c', empty_layer: true }, {}],
    });
    expect(config).toMatchObject({
      created: '2020-01-02T03:04:05.678900000+01:00',
      author: 'me',
      architecture: 'arm',
      variant: 'v7',
      os: 'linux',
      dockerVersion: '19.03',
      comment: 'hello',
      rootfs: { type: 'layers', diffIds: [diffId] },
      history: [
        { created: '2020', createdBy: 'RUN x', author: 'a', comment: 'c', emptyLayer: true },
        { createdBy: '', author: '', comment: '', emptyLayer: false },
      ],
    });
    expect(config.history[1]).not.toHaveProperty('created');
  });

  it('gives how its containers start', () => {
    const { config } = parse({
      config: {
        User: 'u:g',
        ExposedPorts: { '80/tcp': {}, '443/tcp': {} },
        Env: ['A=b'],
        Entrypoint: ['/e'],
        Cmd: ['c'],
        Volumes: { '/v': {}, '/a': {} },
        WorkingDir: '/w',
        Labels: { l: 'm', __proto__x: 'n' },
        StopSignal: 'SIGINT',
        OnBuild: ['RUN y'],
        Shell: ['/bin/sh'],
        Healthcheck: { Test: ['CMD', 'true'], Interval: 30_000_000_000, Retries: 3 },
      },
    });
    expect(config).toEqual({
      argsEscaped: false,
      user: 'u:g',
      exposedPorts: ['443/tcp', '80/tcp'],
      env: ['A=b'],
      entrypoint: ['/e'],
      cmd: ['c'],
      volumes: ['/a', '/v'],
      workingDir: '/w',
      labels: { l: 'm', __proto__x: 'n' },
      stopSignal: 'SIGINT',
      onBuild: ['RUN y'],
      shell: ['/bin/sh'],
      healthcheck: {
        test: ['CMD', 'true'],
        interval: 30_000_000_000,
        timeout: 0,
        startPeriod: 0,
        startInterval: 0,
        retries: 3,
      },
    });
  });

  it('may be empty, and null wherever something could be', () => {
    const nulls = {
      created: null,
      config: null,
      rootfs: null,
      history: null,
      author: null,
      container_config: null,
    };
    for (const value of [{}, nulls, { config: { Env: null, Labels: null, Volumes: null, Cmd: null } }]) {
      expect(parse(value)).toMatchObject({
        author: '',
        history: [],
        rootfs: { diffIds: [] },
        config: { env: [], cmd: [] },
      });
      expect(parse(value)).not.toHaveProperty('created');
    }
  });

  it('takes a single text for a command of one word', () => {
    expect(parse({ config: { Entrypoint: '/init' } }).config.entrypoint).toEqual(['/init']);
  });

  it('keeps the whole document, also what it does not know', () => {
    expect(parse({ 'os.version': '1', unknown: [1] }).raw).toEqual({ 'os.version': '1', unknown: [1] });
  });

  it.each([
    ['[]', 'expected an object'],
    ['{"rootfs":{"diff_ids":["x"]}}', 'invalid checksum digest format'],
    ['{"history":{}}', 'history: expected an array'],
    ['{"history":[{"empty_layer":"no"}]}', 'history[0].empty_layer: expected a boolean'],
    ['{"config":{"Env":[1]}}', 'config.Env: expected an array of strings'],
    ['{"config":{"Labels":{"a":1}}}', 'config.Labels: expected an object of strings'],
    ['{"os":"a","os":"b"}', 'duplicate key "os"'],
    ['nonsense', 'invalid JSON'],
  ])('is refused by name: %s', (text, reason) => {
    const run = (): unknown => parseConfig(Buffer.from(text));
    expect(run).toThrow(ConfigError);
    expect(run).toThrow(reason);
  });
});
