import { describe, expect, it } from '@jest/globals';

import { ImageDraft, defaultPath } from '../../src/build/image-draft.js';
import { parseConfig, type ImageConfig } from '../../src/oci/config.js';

const platform = { os: 'linux', architecture: 'amd64' };
const facts = { created: '2026-01-02T03:04:05Z', history: [], diffIds: [] };

function baseWith(config: object): ImageConfig {
  const rootfs = { type: 'layers', diff_ids: [] };
  return parseConfig(Buffer.from(JSON.stringify({ os: 'linux', architecture: 'arm64', config, rootfs })));
}

describe('ImageDraft', () => {
  it('begins with nothing but a path', () => {
    const { config, os, architecture } = new ImageDraft(undefined, platform).config(facts);
    expect(config.env).toEqual([`PATH=${defaultPath}`]);
    expect({ os, architecture }).toEqual(platform);
    expect(config.cmd).toEqual([]);
  });

  it('begins with all that the base has but its triggers', () => {
    const base = baseWith({
      User: 'me',
      Env: ['PATH=/bin', 'A=1'],
      Cmd: ['x'],
      Entrypoint: ['y'],
      Labels: { a: 'b' },
      ExposedPorts: { '80/tcp': {} },
      Volumes: { '/v': {} },
      WorkingDir: '/w',
      StopSignal: 'SIGINT',
      Shell: ['/bin/bash', '-c'],
      OnBuild: ['RUN x'],
      Healthcheck: { Test: ['NONE'] },
    });
    const { config } = new ImageDraft(base, platform).config(facts);
    expect({ ...config, onBuild: base.config.onBuild }).toEqual(base.config);
    expect(config.onBuild).toEqual([]);
  });

  it('replaces its own variables where they stand, and puts those of its base at the end', () => {
    const draft = new ImageDraft(baseWith({ Env: ['PATH=/bin', 'A=1', 'B=2'] }), platform);
    draft.setVariable('C', 'c=d');
    draft.setVariable('A', '3');
    draft.setVariable('C', 'c=e');
    draft.setVariable('A', '4');
    draft.setVariable('C', 'c=d');
    expect(draft.env).toEqual(['PATH=/bin', 'B=2', 'C=c=d', 'A=4']);
    expect(draft.copy().env).toEqual(draft.env);
    expect(draft.variable('C')).toBe('c=d');
    expect(draft.variable('D')).toBeUndefined();
  });

  it('drops the command of the base with a new entrypoint, and keeps its own', () => {
    const base = baseWith({ Cmd: ['base'] });
    const first = new ImageDraft(base, platform);
    first.setEntrypoint(['e']);
    expect(first.cmd).toEqual([]);
    const second = new ImageDraft(base, platform);
    second.setCommand(['own']);
    second.setEntrypoint(['e']);
    expect(second.cmd).toEqual(['own']);
  });

  it.each([
    ['', '/a', '/a'],
    ['/a', 'b', '/a/b'],
    ['/a', '../../../b/./c//d/', '/b/c/d'],
    ['/a', '/', '/'],
    ['', 'b', '/b'],
  ])('goes from %j by %j to %s', (before, text, after) => {
    const draft = new ImageDraft(baseWith({ WorkingDir: before }), platform);
    draft.changeDirectory(text);
    expect(draft.workingDir).toBe(after);
  });

  it.each([
    ['80', ['80/tcp']],
    ['80/UDP', ['80/udp']],
    ['8000-8002/sctp', ['8000/sctp', '8001/sctp', '8002/sctp']],
  ])('exposes each port of %s', (text, ports) => {
    const draft = new ImageDraft(undefined, platform);
    draft.expose(text);
    expect(draft.config(facts).config.exposedPorts).toEqual(ports);
  });

  it.each(['', 'http', '80/icmp', '90-80', '70000', '80-', '1-2-3', '-1'])('refuses port %j', (text) => {
    expect(() => new ImageDraft(undefined, platform).expose(text)).toThrow(`EXPOSE ${text}: invalid port`);
  });

  it.each(['SIGKILL', '9', 'term', 'SIGRTMIN+3'])('takes signal %s as it was written', (text) => {
    const draft = new ImageDraft(undefined, platform);
    draft.setStopSignal(text);
    expect(draft.stopSignal).toBe(text);
  });

  it('refuses what is no signal', () => {
    expect(() => new ImageDraft(undefined, platform).setStopSignal('SIGFOO')).toThrow('STOPSIGNAL SIGFOO');
  });

  it('is not changed by what its copy becomes', () => {
    const draft = new ImageDraft(baseWith({ Env: ['A=1'] }), platform);
    const copy = draft.copy();
    copy.setVariable('A', '2');
    copy.setLabel('l', 'v');
    copy.onBuild.push('RUN x');
    expect(draft.config(facts).config).toMatchObject({ labels: {}, onBuild: [] });
    expect(draft.variable('A')).toBe('1');
    expect(copy.variable('A')).toBe('2');
  });
});
