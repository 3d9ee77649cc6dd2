// YAML as `info` prints it.
import { describe, expect, it } from '@jest/globals';
import { toYaml } from '../../../client/output/yaml.js';

describe('toYaml', () => {
  it('prints maps, lists and plain values in block style', () => {
    expect(
      toYaml({
        host: { arch: 'amd64', cpus: 2, distribution: { version: '12' } },
        search: ['docker.io', 'quay.io:443/x'],
        insecure: [],
        graphOptions: {},
        'Supports d_type': 'true',
        nothing: null,
      }),
    ).toBe(
      [
        'host:',
        '  arch: amd64',
        '  cpus: 2',
        '  distribution:',
        '    version: "12"',
        'search:',
        '- docker.io',
        '- quay.io:443/x',
        'insecure: []',
        'graphOptions: {}',
        'Supports d_type: "true"',
        'nothing: null',
        '',
      ].join('\n'),
    );
  });

  it.each([
    '',
    '12',
    '1.5',
    '0x1f',
    'true',
    'No',
    '~',
    'a: b',
    'a #b',
    'ends:',
    ' leading',
    '- dash',
    '*',
    'x\ny',
    '1e3',
  ])('quotes %j, which would be read as something else', (text) => {
    expect(toYaml({ key: text })).toBe(`key: ${JSON.stringify(text)}\n`);
  });

  it.each(['6.1.0-13-amd64', '0h 22m 55.00s', 'map[a:b]', '/var/lib/containers', 'a#b', 'conmon version 2'])(
    'leaves %j as it is',
    (text) => {
      expect(toYaml({ key: text })).toBe(`key: ${text}\n`);
    },
  );
});
