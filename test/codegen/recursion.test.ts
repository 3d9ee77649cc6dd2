// Types that hold themselves or each other.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EchoParameters, List, OrgExampleRecursionService } from './golden/org-example-recursion.js';
import { OrgExampleRecursionClient, orgExampleRecursion } from './golden/org-example-recursion.js';
import { generate } from '../../src/codegen/generate.js';
import { InvalidParameter } from '../../src/rpc/index.js';
import type { VarlinkConnection } from '../../src/rpc/varlink/client.js';
import { connect } from '../../src/rpc/varlink/client.js';
import type { Running } from '../protocol/serve.js';
import { serve } from '../protocol/serve.js';

const service: OrgExampleRecursionService = { echo: async (params) => params };

const value: EchoParameters = {
  list: { value: 1, next: { value: 2, next: { value: 3 } } },
  tree: { children: [{ children: [], parentName: 'root' }, { children: [{ children: [] }] }] },
  directory: {
    entries: {
      file: { kind: 'file', versions: [{ size: 1 }, { entry: { kind: 'link' }, size: 2 }] },
      folder: { kind: 'directory', directory: { entries: {} } },
    },
  },
  even: {
    odd: {
      even: [null, { odd: { even: [], deep: {}, maybe: [] } }],
      deep: { a: [{}] },
      maybe: [null, { b: {} }],
    },
  },
};

describe('recursive types', () => {
  let running: Running;
  let connection: VarlinkConnection;

  beforeEach(async () => {
    running = await serve([[orgExampleRecursion, service]]);
    connection = await connect(running.address);
  });

  afterEach(async () => {
    await connection.close();
    await running[Symbol.asyncDispose]();
  });

  it('come back as they went', async () => {
    const reply = await new OrgExampleRecursionClient(connection).echo(value);
    expect(reply).toEqual(value);
    const wire = await connection.call(
      'org.example.recursion.Echo',
      { ...value, tree: { children: [] } },
      (it) => it,
    );
    expect(JSON.stringify(wire)).toBe(JSON.stringify({ ...value, tree: { children: [] } }));
  });

  it.each([
    ['list.next.next.value', { list: { value: 1, next: { value: 2, next: { value: '3' } } } }],
    [
      'tree.children[1].children[0].parent_name',
      { tree: { children: [{ children: [] }, { children: [{ children: [], parent_name: 5 }] }] } },
    ],
    [
      'directory.entries["a"].versions[0].entry.kind',
      { directory: { entries: { a: { kind: 'file', versions: [{ entry: { kind: 'none' }, size: 1 }] } } } },
    ],
    ['even.odd.maybe[0]["k"].odd', { even: { odd: { even: [], deep: {}, maybe: [{ k: { odd: 1 } }] } } }],
  ])('are refused with the path of what is wrong: %s', async (path, change) => {
    const params = { ...value, tree: { children: [] }, ...change };
    await expect(connection.call('org.example.recursion.Echo', params, (it) => it)).rejects.toEqual(
      new InvalidParameter(path),
    );
  });

  it('may be as deep as a message', async () => {
    let list: List = { value: 0 };
    for (let depth = 1; depth < 250; depth++) list = { value: depth, next: list };
    const reply = await new OrgExampleRecursionClient(connection).echo({ ...value, list });
    expect(reply.list).toEqual(list);
  });

  it('are generated in a moment however many ways lead through them', () => {
    const types = Array.from({ length: 2000 }, (_, i) => {
      const next = `T${(i + 1) % 2000}`;
      return `type T${i} (a: ?${next}, b: []${next}, c: [string]${next}, d_e: int)`;
    });
    const options = { source: 'x.varlink', rpc: 'imaged/rpc', lenient: false };
    const files = generate(`interface a.b\n${types.join('\n')}\nmethod M(t: T0) -> (t: T1)`, options);
    expect([...files.keys()]).toEqual(['a-b.ts', 'a-b.check.ts', 'a-b.write.ts']);
  });
});
