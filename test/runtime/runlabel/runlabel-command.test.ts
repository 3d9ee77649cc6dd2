import { describe, expect, it } from '@jest/globals';
import { runlabelCommand, type RunlabelSource } from '../../../src/runtime/runlabel/runlabel-command.js';

const image = 'registry.example:5000/team/app:1';

function words(label: string, more: Partial<RunlabelSource> = {}): readonly string[] {
  const source = { label, image, name: '', extraArgs: [], options: {}, directory: '/here' };
  return runlabelCommand({ ...source, ...more }).words;
}

describe('the command of a label', () => {
  it.each([
    ['run IMAGE NAME', ['run', image, 'app']],
    ['run $IMAGE ${NAME}', ['run', image, 'app']],
    [
      'run -e IMAGE=IMAGE -e NAME=NAME --name=NAME',
      ['run', '-e', `IMAGE=${image}`, '-e', 'NAME=app', '--name=app'],
    ],
    ['run -v ${PWD}/$NAME:/data', ['run', '-v', '/here/app:/data']],
    ['run MYNAME IMAGES RENAME=x', ['run', 'MYNAME', 'IMAGES', 'RENAME=x']],
    ['IMAGE a', ['IMAGE', 'a']],
    ["sh -c 'echo $IMAGE'", ['sh', '-c', 'echo $IMAGE']],
    ['docker run', ['podman', 'run']],
    ['/usr/bin/docker run', ['podman', 'run']],
    ['podman $GLOBAL_OPTS run', ['podman', 'run']],
  ])('has its image and name: %s', (label, expected) => {
    expect(words(label)).toEqual(expected);
  });

  it('has the name that the caller wants', () => {
    expect(words('run NAME', { name: 'mine' })).toEqual(['run', 'mine']);
  });

  it.each([
    ['localhost/app', 'app'],
    ['localhost/app@sha256:0123', 'app'],
    ['0123456789abcdef', '0123456789abcdef'],
  ])('has the name in %s otherwise', (image, name) => {
    expect(words('run NAME', { image })).toEqual(['run', name]);
  });

  it('has the options of the caller, and keeps its words', () => {
    const options = { opt1: '-v /a:/b', opt3: 'x y' };
    expect(words('run $OPT1 $OPT2 "$OPT3"', { options, extraArgs: ['a b', '$OPT1'] })).toEqual([
      'run',
      '-v',
      '/a:/b',
      'x y',
      'a b',
      '$OPT1',
    ]);
  });

  it('finds the same in its environment', () => {
    const source = { label: 'x', image, name: '', extraArgs: [], options: { opt2: 'b' }, directory: '/' };
    expect(runlabelCommand(source).environment).toEqual({
      NAME: 'app',
      IMAGE: image,
      OPT1: '',
      OPT2: 'b',
      OPT3: '',
      PODMAN_RUNLABEL_NESTED: '1',
    });
  });
});
