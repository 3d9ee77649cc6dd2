import { describe, expect, it } from '@jest/globals';

import { cleanEnvironment, setVariables } from '../../../src/runtime/commit/clean-environment.js';

describe('the environment of an image of a container', () => {
  it('is that of the image, with what its user gave it behind that, sorted', () => {
    const variables = ['Z=1', 'B=container', 'A=image', 'C=equals=more', 'EMPTY='];
    expect(cleanEnvironment({ variables, image: ['B=image', 'A=image'] })).toEqual([
      'B=container',
      'A=image',
      'C=equals=more',
      'EMPTY=',
      'Z=1',
    ]);
  });

  it.each([
    'container=podman',
    'container=oci',
    'TERM=xterm',
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'HOME=/root',
    'HOSTNAME=3d25ad05',
    'http_proxy=http://user:secret@host',
    'HTTPS_PROXY=http://host',
    'no_proxy=',
  ])('has nothing of what an engine adds by itself: %s', (variable) => {
    expect(cleanEnvironment({ variables: [variable], image: [] })).toEqual([]);
    const [key = ''] = variable.split('=', 1);
    expect(cleanEnvironment({ variables: [variable], image: [], given: new Set([key]) })).toEqual([variable]);
  });

  it('keeps what the image says where the engine says something else', () => {
    const image = ['TERM=linux', 'HOME=/srv', 'PATH=/bin'];
    expect(cleanEnvironment({ variables: ['TERM=xterm', 'HOME=/srv', 'PATH=/bin'], image })).toEqual(image);
    expect(cleanEnvironment({ variables: ['PATH=/opt:/bin'], image })).toContain('PATH=/opt:/bin');
  });

  it('has nothing of the services of a cluster, and all that only looks like it', () => {
    const cluster = ['DB_SERVICE_HOST=1', 'DB_SERVICE_PORT_WEB=2', 'DB_PORT=3', 'DB_PORT_80_TCP_ADDR=4'];
    const own = ['DB_NAME=5', 'WEB_PORT=7', 'WEB_SERVICE_NAME=6'];
    expect(cleanEnvironment({ variables: [...cluster, ...own], image: [] })).toEqual(own);
  });

  it('is had in no time, however many variables look like services', () => {
    const services = Array.from({ length: 20_000 }, (_, index) => `S${index}_SERVICE_HOST=1`);
    const others = Array.from({ length: 20_000 }, (_, index) => `${'_PORT'.repeat(80)}${index}=1`);
    const start = performance.now();
    expect(cleanEnvironment({ variables: [...services, ...others], image: [] })).toHaveLength(20_000);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});

describe('variables that are added', () => {
  it('take the place of those with their keys', () => {
    expect(setVariables(['A=1', 'B=2'], ['C=3', 'A=4', 'A=5'])).toEqual(['A=5', 'B=2', 'C=3']);
  });
});
