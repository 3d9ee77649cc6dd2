import { describe, expect, test } from '@jest/globals';
import { MountFlagError, parseMountFlag } from '../../../src/build/run/parse-mount.js';

const owned = { uid: 0, gid: 0 };

describe('parseMountFlag', () => {
  test.each([
    ['target=/a', { type: 'bind', source: '/', target: '/a', writable: false }],
    [
      'type=bind,from=build,source=out/x,target=sub/dir,rw',
      { type: 'bind', from: 'build', source: 'out/x', target: 'sub/dir', writable: true },
    ],
    ['src=s,dst=/d,readwrite=true', { type: 'bind', source: 's', target: '/d', writable: true }],
    ['src=s,destination=/d,readonly', { type: 'bind', source: 's', target: '/d', writable: false }],
    ['src=s,target=/d,ro=false,z', { type: 'bind', source: 's', target: '/d', writable: true }],
    ['"source=a,b",target=/d', { type: 'bind', source: 'a,b', target: '/d', writable: false }],
    ['"source=a""b",target=/d', { type: 'bind', source: 'a"b', target: '/d', writable: false }],
    ['TYPE=bind,Target=/D', { type: 'bind', source: '/', target: '/D', writable: false }],
    ['target=/a=b', { type: 'bind', source: '/', target: '/a=b', writable: false }],
    [
      'type=cache,target=/c',
      {
        type: 'cache',
        id: '/c',
        source: '/',
        target: '/c',
        writable: true,
        sharing: 'shared',
        mode: 0o755,
        ...owned,
      },
    ],
    [
      'type=cache,id=i,target=/c,sharing=locked,mode=0700,uid=1,gid=2,from=base,source=/seed,ro',
      {
        type: 'cache',
        id: 'i',
        from: 'base',
        source: '/seed',
        target: '/c',
        writable: false,
        sharing: 'locked',
        mode: 0o700,
        uid: 1,
        gid: 2,
      },
    ],
    ['type=tmpfs,target=/t', { type: 'tmpfs', target: '/t' }],
    ['type=tmpfs,target=/t,size=64m', { type: 'tmpfs', target: '/t', size: 64 * 1024 * 1024 }],
    [
      'type=secret,id=s',
      { type: 'secret', id: 's', target: '/run/secrets/s', required: false, mode: 0o400, ...owned },
    ],
    [
      'type=secret,target=/root/.npmrc,required',
      { type: 'secret', id: '.npmrc', target: '/root/.npmrc', required: true, mode: 0o400, ...owned },
    ],
    [
      'type=secret,id=s,env=TOKEN',
      { type: 'secret', id: 's', variable: 'TOKEN', required: false, mode: 0o400, ...owned },
    ],
    [
      'type=secret,id=s,env=TOKEN,target=/t,mode=0440,gid=5,required=false',
      {
        type: 'secret',
        id: 's',
        target: '/t',
        variable: 'TOKEN',
        required: false,
        mode: 0o440,
        uid: 0,
        gid: 5,
      },
    ],
    ['type=ssh', { type: 'ssh', id: 'default', required: false, mode: 0o600, ...owned }],
    [
      'type=ssh,id=k,target=/s,required=true,uid=7',
      { type: 'ssh', id: 'k', target: '/s', required: true, mode: 0o600, uid: 7, gid: 0 },
    ],
  ])('reads %s', (text, flag) => {
    expect(parseMountFlag(text)).toEqual(flag);
  });

  test.each([
    ['', 'empty key'],
    ['type=bind', 'needs a target'],
    ['type=bind,target=', 'target needs a value'],
    ['type=volume,target=/x', 'unknown type "volume"'],
    ['type=__proto__,target=/x', 'unknown type'],
    ['type=toString,target=/x', 'unknown type'],
    ['target=/x,sharing=locked', 'has no "sharing"'],
    ['type=cache,target=/x,sharing=some', 'sharing is'],
    ['type=cache,target=/x,mode=9', 'no mode'],
    ['type=cache,target=/x,uid=-1', 'no number'],
    ['type=cache,target=/x,uid=4294967295', 'no number'],
    ['type=tmpfs,target=/x,size=much', 'no size'],
    ['type=secret', 'needs an id'],
    ['type=secret,id=a,required=perhaps', 'true or false'],
    ['target=/x,ro,rw', 'not to be written'],
    ['target="/x"y', 'quote'],
    ['target=/x,', 'empty key'],
    ['target=/x\0y', 'needs a value'],
  ])('refuses %j', (text, problem) => {
    expect(() => parseMountFlag(text)).toThrow(MountFlagError);
    expect(() => parseMountFlag(text)).toThrow(problem);
  });
});
