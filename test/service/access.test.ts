// Which role a caller has, and that every method needs one.
import { describe, expect, it } from '@jest/globals';

import { ioImaged } from '../../src/generated/io-imaged.js';
import { ioPodman } from '../../src/generated/io-podman.js';
import { unknownPeer, type CallContext, type Peer, type SocketTerms } from '../../src/rpc/index.js';
import { needs, permitBy } from '../../src/service/access.js';
import { AccessRules, suffices, type AccessFile, type Rule } from '../../src/service/access-rules.js';

const own = 1000;
const guarded: SocketTerms = { address: 'unix:/s', guarded: true };
const open: SocketTerms = { address: 'unix:@s', guarded: false };

function file(rules: Partial<AccessFile>): AccessFile {
  const none = new Map<never, Rule>();
  return { path: '/etc/access.toml', default: 'none', users: none, groups: none, names: none, ...rules };
}

function peer(uid: number, more: Partial<Peer> = {}): Peer {
  return { ...unknownPeer, uid, gid: uid, socket: guarded, ...more };
}

function roleOf(caller: Peer, rules?: AccessFile): string {
  return new AccessRules(own, rules).grant(caller).role;
}

describe('a role', () => {
  it('is enough for itself and for what is less', () => {
    const order = ['none', 'read', 'pull', 'admin'] as const;
    for (const [at, role] of order.entries())
      expect(order.map((needed) => suffices(role, needed))).toEqual(order.map((_, index) => index <= at));
  });

  const limited = { ...guarded, role: 'read' };
  const rules = file({
    default: 'read',
    users: new Map([[7, { role: 'none', key: 'users.seven' }]]),
    groups: new Map([
      [70, { role: 'pull', key: 'groups.some' }],
      [71, { role: 'admin', key: 'groups.all' }],
    ]),
    names: new Map([
      ['a', { role: 'pull', key: 'names.a' }],
      ['b', { role: 'none', key: 'names.b' }],
    ]),
  });

  it.each([
    ['of whoever a mode lets in is admin', 'admin', peer(5), undefined],
    ['of whoever comes to a socket without a mode is none', 'none', peer(5, { socket: open }), undefined],
    ['may be given by such a socket', 'pull', peer(5, { socket: { ...open, role: 'pull' } }), undefined],
    ['is never more than that of the socket', 'read', peer(5, { socket: limited }), undefined],
    ['is none where nothing is known of the socket', 'none', { ...unknownPeer, uid: 5 }, undefined],
    ['of root is admin', 'admin', peer(0, { socket: open }), rules],
    ['of the own user is admin', 'admin', peer(own), rules],
    ['of root is never more than that of the socket', 'read', peer(0, { socket: limited }), rules],
    ['of a user with an entry is that, whatever its groups', 'none', peer(7, { groups: [71] }), rules],
    ['of a member of groups is the most of them', 'admin', peer(5, { gid: 70, groups: [3, 71] }), rules],
    ['of somebody else is the default', 'read', peer(5, { socket: open }), rules],
    ['of a certificate is that of its name', 'pull', peer(-1, { name: 'a', socket: open }), rules],
    [
      'of a certificate is never more than that of the socket',
      'read',
      peer(-1, { name: 'a', socket: limited }),
      rules,
    ],
    [
      'of a certificate is none if that is its entry',
      'none',
      peer(-1, { name: 'b', socket: limited }),
      rules,
    ],
    [
      'of an unknown certificate is that of the socket',
      'read',
      peer(-1, { name: 'c', socket: limited }),
      rules,
    ],
    ['of nobody is none, whatever the default', 'none', peer(-1, { socket: open }), rules],
    ['of nobody is that of the socket', 'admin', peer(-1, { socket: { ...open, role: 'admin' } }), undefined],
    [
      'on a socket with a role that is none is none',
      'none',
      peer(0, { socket: { ...open, role: 'all' } }),
      rules,
    ],
  ] as const)('%s', (_, role, caller, file) => {
    expect(roleOf(caller, file)).toBe(role);
  });
});

describe('the table', () => {
  const methods = [ioPodman, ioImaged].flatMap(({ name, methods }) =>
    Object.keys(methods).map((method) => `${name}.${method}`),
  );

  it('has a role for every method, and for nothing else', () => {
    expect([...needs.keys()].toSorted()).toEqual(methods.toSorted());
    for (const { role } of needs.values()) expect(['read', 'pull', 'admin']).toContain(role);
  });

  it('lets nobody but admins call what is not in it', () => {
    const permit = permitBy(() => new AccessRules(own, file({ default: 'pull' })));
    const context = (caller: Peer): CallContext => ({ peer: caller }) as CallContext;
    expect(() => permit('io.imaged.New', context(peer(5)))).toThrow('io.imaged.New needs the role admin');
    expect(permit('io.imaged.New', context(peer(0)))).toBeUndefined();
  });

  it('tells clients by a name that cannot speak to a terminal', () => {
    const permit = permitBy(() => new AccessRules(own));
    const context = { peer: peer(-1, { name: 'a\u001b[2J\n', socket: open }) } as CallContext;
    expect(() => permit('io.podman.GetVersion', context)).toThrow(
      'io.podman.GetVersion needs the role read; client "a\\u001b[2J\\n" has no role',
    );
  });
});
