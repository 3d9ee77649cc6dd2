// Every method with everything in every field, derived from the interface files: each call is answered once and as declared,
// and nothing dies, changes or stays behind.
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import * as fc from 'fast-check';

import { ioImaged } from '../../src/generated/io-imaged.js';
import { ioPodman } from '../../src/generated/io-podman.js';
import type { InterfaceDescriptor } from '../../src/rpc/index.js';
import { methodFlags, parseInterface, type MethodMember } from '../../src/idl/index.js';
import { buildImage, putImage } from '../peers/sample-image.js';
import { RawClient } from '../protocol/raw-client.js';
import {
  endingsOverJsonRpc,
  endingsOverVarlink,
  type BatchedCall,
  type Ending,
} from './every-method/batch.js';
import { Stage } from './every-method/stage.js';
import { parametersOf, texts } from './every-method/text-values.js';
import { Contract, isObject } from './every-method/wrong-values.js';
import { mountsBelow } from './support/files.js';
import { OldClient, untilExchanged } from './support/old-client.js';
import { imageRecords, layerRecords, untidiness } from './support/store-content.js';

jest.setTimeout(600_000);

/** How long names and the like are tried. What fails tells its seed, with which to begin another time. */
const seconds = Number(process.env['IMAGED_FUZZ_SECONDS'] ?? '5');
const firstSeed = Number(process.env['IMAGED_FUZZ_SEED'] ?? Date.now() % 2 ** 31);

const interfaces = [ioPodman, ioImaged].map((descriptor) => ({
  descriptor,
  contract: new Contract(parseInterface(descriptor.description), descriptor.unknownFields),
}));

/** Without an end: they are asked for one reply only. */
const endless: ReadonlySet<string> = new Set(['GetEvents', 'WatchOperations']);
/** What a success of these may change. */
const changing: ReadonlySet<string> = new Set([
  'TagImage',
  'UntagImage',
  'RemoveImage',
  'RemoveImageWithResponse',
  'DeleteUnusedImages',
  'ImagesPrune',
  'PullImage',
  'BuildImage',
  'Commit',
  'LoadImage',
  'ImportImage',
  'CopyImage',
  'Build',
]);

const doors = [
  ['varlink', endingsOverVarlink],
  ['JSON-RPC', endingsOverJsonRpc],
] as const;

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.bare();
  // No name that chance makes up is asked for beyond this machine.
  const blocked = ['docker.io', 'localhost'].map(
    (host) => `[[registry]]\nlocation = "${host}"\nblocked = true\n`,
  );
  for (const socket of [varlinkSocket(), stage.path('jsonrpc.sock')]) await chmod(socket, 0o666);
  // What is opened with the first file stays open.
  const client = new OldClient(stage.daemon.address);
  await client.upload(Buffer.from('first'));
  client[Symbol.dispose]();
  await untilExchanged(stage.store.root);
  const { registriesConf } = stage.store;
  await writeFile(registriesConf, `${await readFile(registriesConf, 'utf8')}${blocked.join('')}`);
});

afterAll(async () => {
  await stage?.close();
});

function varlinkSocket(): string {
  return stage.daemon.address.replace('unix:', '');
}

function clientOf(door: (typeof doors)[number][0]): RawClient {
  return door === 'varlink'
    ? new RawClient(varlinkSocket())
    : new RawClient(stage.path('jsonrpc.sock'), '\n');
}

/** A client whose calls are those of a user that may not name files of the host. */
function clientOfStranger(door: (typeof doors)[number][0]): RawClient {
  // The kernel notes who connects at the moment it is done, which is before this returns.
  process.seteuid?.(65_534);
  try {
    return clientOf(door);
  } finally {
    process.seteuid?.(0);
  }
}

function callOf(name: string, { name: method, ...member }: MethodMember, parameters: unknown): BatchedCall {
  const more = methodFlags({ name: method, ...member }).more !== 'none' && !endless.has(method);
  return { method: `${name}.${method}`, parameters, more };
}

/** What a program that looks at the store finds: its records, and which files there are. */
async function storeContent(): Promise<unknown> {
  const { root } = stage.store;
  const containers = join(root, 'overlay-containers', 'containers.json');
  return {
    images: await imageRecords(root),
    layers: await layerRecords(root),
    containers: existsSync(containers) ? await readFile(containers, 'utf8') : '',
  };
}

/** All files there are, but for what every call may write: events and locks. */
async function files(): Promise<readonly string[]> {
  const all = await readdir(stage.store.directory, { recursive: true, withFileTypes: true });
  const paths = all.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return paths.filter((path) => !/\.(?:log|lock)$/.test(path)).toSorted();
}

/** The daemon's files and sockets that were not among `known`, once connections have had the time to end. */
async function openedSince(known: readonly string[]): Promise<readonly string[]> {
  for (let tries = 0; ; tries += 1) {
    const left = kindsOf(await stage.daemon.descriptors());
    for (const kind of kindsOf(known)) if (left.includes(kind)) left.splice(left.indexOf(kind), 1);
    if (left.length === 0 || tries === 100) return left;
    await sleep(100);
  }
}

/** Pipes and the like belong to threads, which wait for more work. */
function kindsOf(targets: readonly string[]): string[] {
  return targets
    .filter((target) => /^(?:\/|socket:)/.test(target))
    .map((target) => target.replace(/\d+/g, 'N'));
}

/** Whether a call may end like this: by success or by an error of its interface, of which the standard ones are few. */
function isDeclared({ name, errors }: InterfaceDescriptor, { error }: Ending): boolean {
  if (error === undefined || error === 'org.varlink.service.InvalidParameter') return true;
  return error.startsWith(`${name}.`) && Object.hasOwn(errors, error.slice(name.length + 1));
}

/** A call that leaves the connection as it is, of a method that has to have it. */
function lacksUpgrade(method: MethodMember, { error }: Ending): boolean {
  return methodFlags(method).upgrade === 'requires' && error === 'org.varlink.service.ExpectedUpgrade';
}

/** Where fields are not as declared one of them is named; everything else may succeed or fail as declared. */
function isRightAnswer(descriptor: InterfaceDescriptor, misfits: readonly string[], ending: Ending): boolean {
  if (misfits.length === 0) return isDeclared(descriptor, ending);
  const { error, parameters } = ending;
  return (
    error === 'org.varlink.service.InvalidParameter' && misfits.includes(parameters['parameter'] as string)
  );
}

const methods = interfaces.flatMap(({ descriptor, contract }) =>
  contract.methods.map((method) => ({
    title: `${descriptor.name}.${method.name}`,
    descriptor,
    contract,
    method,
  })),
);

describe.each(doors)('over %s, with any value in any field,', (door, endingsOf) => {
  it.each(methods)('$title names the field that is wrong', async ({ descriptor, contract, method }) => {
    using client = clientOf(door);
    const before = [await storeContent(), await files()];
    // In JSON-RPC, parameters that are no object are given by position, or no request.
    const all = [...contract.wrongParameters(method)].filter((each) => door === 'varlink' || isObject(each));
    const calls = all.map((parameters) => callOf(descriptor.name, method, parameters));
    const surprises: unknown[] = [];
    for (let start = 0; start < calls.length; start += 50) {
      const batch = calls.slice(start, start + 50);
      for (const [index, ending] of (await endingsOf(client, batch)).entries()) {
        const parameters = batch[index]?.parameters;
        const misfits = contract.misfits(method, parameters);
        const isLacking = misfits.length === 0 && lacksUpgrade(method, ending);
        if (!isLacking && !isRightAnswer(descriptor, misfits, ending))
          surprises.push({ sent: JSON.stringify(parameters).slice(0, 300), misfits, ending });
      }
    }
    expect(surprises).toEqual([]);
    expect([await storeContent(), await files()]).toEqual(before);
  });
});

describe('calls that take the connection over', () => {
  const upgrading = methods.filter(({ method }) => methodFlags(method).upgrade !== 'none');

  it.each(upgrading)('$title is answered once', async ({ descriptor, contract, method }) => {
    const open = await stage.daemon.descriptors();
    const surprises: unknown[] = [];
    for (const parameters of contract.wrongParameters(method)) {
      using client = clientOfStranger('varlink');
      client.send({ method: `${descriptor.name}.${method.name}`, parameters, upgrade: true });
      const ending = (await client.next()) as Ending;
      const misfits = contract.misfits(method, parameters);
      if (!isRightAnswer(descriptor, misfits, ending)) surprises.push({ misfits, ending });
    }
    expect(surprises).toEqual([]);
    await untilExchanged(stage.store.root);
    expect(await openedSince(open)).toEqual([]);
  });
});

describe('names, references, ids and paths in all text fields', () => {
  it('are answered once and as declared, whoever asks, and leave nothing behind', async () => {
    const pulled = `${stage.registry.host}/test/pulled:1`;
    putImage(stage.registry, 'test/pulled', '1', await buildImage({ layers: [[{ name: 'pulled' }]] }));
    const image = await stage.spare('fuzz:1');
    const container = await stage.store.buildahOutput('from', '--pull-never', 'localhost/fuzz:1');
    const known = [
      image,
      'fuzz:1',
      'localhost/fuzz:1',
      'localhost/fuzz',
      pulled,
      container,
      stage.path('spare.tar'),
    ];
    const call = fc.constantFrom(...methods).chain(({ descriptor, contract, method }) =>
      parametersOf(contract, method, texts(known)).map((parameters) => ({
        descriptor,
        method,
        call: callOf(descriptor.name, method, parameters),
      })),
    );
    // The layer of a container has no tar.
    const untidy = await untidiness(stage.store.root);
    const open = await stage.daemon.descriptors();
    const [varlink, jsonRpc] = doors.map(([door]) => clientOfStranger(door)) as [RawClient, RawClient];
    let content = JSON.stringify(await storeContent());
    const property = fc.asyncProperty(
      fc.boolean(),
      call,
      async (overVarlink, { descriptor, method, call }) => {
        const [ending = { error: 'none', parameters: {} }] = overVarlink
          ? await endingsOverVarlink(varlink, [call])
          : await endingsOverJsonRpc(jsonRpc, [call]);
        const before = content;
        content = JSON.stringify(await storeContent());
        const mayChange = ending.error === undefined && changing.has(method.name);
        if (content === before || mayChange)
          return lacksUpgrade(method, ending) || isDeclared(descriptor, ending);
        throw new Error(`the store was changed: ${JSON.stringify(ending)}`);
      },
    );
    const end = Date.now() + seconds * 1000;
    let seed = firstSeed;
    do {
      await fc.assert(property, { seed, numRuns: 50 });
      seed += 1;
    } while (Date.now() < end);
    varlink[Symbol.dispose]();
    jsonRpc[Symbol.dispose]();
    await Promise.all([varlink.closed, jsonRpc.closed]);
    await untilExchanged(stage.store.root);
    expect(untidy).toEqual(expect.arrayContaining(await untidiness(stage.store.root)));
    expect(await mountsBelow(stage.store.directory)).toEqual([]);
    expect(await openedSince(open)).toEqual([]);
  });
});
