import { describe, expect, it } from '@jest/globals';
import { parseNormalized } from '../../src/oci/reference.js';
import type { Transport } from '../../src/oci/transport-name.js';
import { policyEntryFor } from '../../src/signature/policy.js';
import { parsePolicy } from '../../src/signature/policy-file.js';
import type { SignedOrigin } from '../../src/signature/scopes.js';

/** Where the requirements for `origin` stand, in a policy with these scopes. */
function place(scopes: readonly string[], origin: SignedOrigin): string {
  const reject = [{ type: 'reject' }];
  const transports = { [origin.transport]: Object.fromEntries(scopes.map((scope) => [scope, reject])) };
  const policy = parsePolicy(Buffer.from(JSON.stringify({ default: reject, transports })));
  return policyEntryFor(policy, origin).place;
}

const docker = (name: string): SignedOrigin => ({
  transport: 'docker',
  name: `//${name}`,
  reference: parseNormalized(name),
});
const file = (transport: Transport, path: string): SignedOrigin => ({ transport, name: path, path });
const stored = (name: string): SignedOrigin => ({ transport: 'containers-storage', name });

const digest = `sha256:${'a'.repeat(64)}`;
const id = 'b'.repeat(64);
const store = '[overlay@/var/lib/store+/run/store]';

describe('the requirements for an image', () => {
  it.each([
    ['quay.io/team/app:1', ['quay.io/team/app:1', 'quay.io/team/app', ''], 'quay.io/team/app:1'],
    [`quay.io/team/app@${digest}`, [`quay.io/team/app@${digest}`, ''], `quay.io/team/app@${digest}`],
    ['quay.io/team/app:1', ['quay.io/team/app:2', 'quay.io/team/app', 'quay.io'], 'quay.io/team/app'],
    ['quay.io/team/app:1', ['quay.io/team', 'quay.io'], 'quay.io/team'],
    ['quay.io/team/app:1', ['quay.io/tea', 'quay.io'], 'quay.io'],
    ['quay.io/team/app:1', ['*.io', 'quay.io'], 'quay.io'],
    ['a.b.example.com:5000/app:1', ['*.example.com', '*.b.example.com'], '*.b.example.com'],
    ['a.b.example.com:5000/app:1', ['*.com'], '*.com'],
    ['localhost:5000/app:1', ['localhost', ''], ''],
    ['localhost:5000/app:1', ['localhost:5000'], 'localhost:5000'],
    ['busybox:1', ['busybox', 'library/busybox', 'docker.io/library'], 'docker.io/library'],
  ])('are those of the most specific scope: %s among %j', (name, scopes, expected) => {
    expect(place(scopes, docker(name))).toBe(`docker ${JSON.stringify(expected)}`);
  });

  it.each([
    [docker('quay.io/app:1'), ['docker.io', '*.quay.io']],
    [file('dir', '/a/b'), ['/a/bc', '/b']],
    [file('docker-archive', '/a/b'), []],
    [stored(`${store}quay.io/app:1@${id}`), ['[vfs@/var/lib/store]', '[/var/lib]']],
  ])('are the default ones where no scope fits: %j', (origin, scopes) => {
    expect(place(scopes, origin)).toBe('default');
  });

  it.each([
    [file('dir', '/a/b/c'), ['/a/b', '/a', ''], '/a/b'],
    [file('oci', '/a/b/c'), ['/a/b/c', ''], '/a/b/c'],
    [file('oci-archive', '/a/b.tar'), ['/a', ''], '/a'],
    [file('dir', '/'), [''], ''],
    [file('docker-archive', '/a/b.tar'), [''], ''],
    [file('tarball', '/a/b.tar'), [''], ''],
  ] as const)('go by the path of what lies on the disk: %j', (origin, scopes, expected) => {
    expect(place(scopes, origin)).toBe(`${origin.transport} ${JSON.stringify(expected)}`);
  });

  it.each([
    `[overlay@/var/lib/store]quay.io/team/app:1@${id}`,
    '[overlay@/var/lib/store]quay.io/team/app:1',
    '[overlay@/var/lib/store]quay.io/team/app',
    '[overlay@/var/lib/store]quay.io/team',
    '[overlay@/var/lib/store]quay.io',
    '[overlay@/var/lib/store]',
    '[/var/lib/store]',
  ])('go by store, name and id of what is stored: %s', (scope) => {
    const origin = stored(`${store}quay.io/team/app:1@${id}`);
    expect(place([scope, ''], origin)).toBe(`containers-storage ${JSON.stringify(scope)}`);
  });

  it('go by the store for an image that has nothing but an id', () => {
    const origin = stored(`${store}@${id}`);
    const scope = `[overlay@/var/lib/store]@${id}`;
    expect(place([scope], origin)).toBe(`containers-storage ${JSON.stringify(scope)}`);
    expect(place(['[/var/lib/store]'], origin)).toBe('containers-storage "[/var/lib/store]"');
  });
});
