// A client of 2020 in Go, over stubs of the interface as it was then: the compiled kin of podman-remote.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { buildImage, buildTar } from '../peers/sample-image.js';
import { buildOldClient } from './support/go-program.js';
import { output, run } from './support/process.js';
import { Scene } from './support/scene.js';

jest.setTimeout(120_000);

let scene: Scene;
let program: string;
let name: string;
let id: string;

beforeAll(async () => {
  scene = await Scene.open();
  program = await buildOldClient(join(scene.store.directory, 'go'));
  name = scene.serve('old', await buildImage({ layers: [[{ name: 'file', content: 'content' }]] }));
});

afterAll(async () => {
  await scene.close();
});

/** What a command of the client has to say. */
async function old<Result>(...args: readonly string[]): Promise<Result> {
  return JSON.parse(await output(program, [scene.daemon.address, ...args])) as Result;
}

/** A file that it can send. */
async function file(own: string, content: Buffer): Promise<string> {
  const path = join(scene.store.directory, own);
  await writeFile(path, content);
  return path;
}

describe('a client compiled in 2020', () => {
  it('pulls, lists and pushes', async () => {
    const pulled = await old<{ logs: string[]; id: string }>('pull', name);
    ({ id } = pulled);
    expect(pulled.logs.at(-1)).toBe('Storing signatures\n');
    expect(await old('images')).toMatchObject([{ id, repoTags: [name], labels: {}, history: [] }]);
    expect(await old('push', id, scene.name('pushed'))).toMatchObject({ id });
  });

  it('saves to a file of its own, and loads that', async () => {
    const saved = join(scene.store.directory, 'saved.tar');
    expect(await old('save', name, saved)).toBeGreaterThan(0);
    expect(await old('load', saved)).toMatchObject({ id: name });
  });

  it('imports and builds what it sends', async () => {
    const layer = await file('layer.tar', await buildTar([{ name: 'imported' }]));
    const imported = await old<string>('import', layer, 'imported:1');
    const dockerfile = { name: 'Dockerfile', content: 'FROM imported:1\nLABEL a=b\n' };
    const context = await file('context.tar', await buildTar([dockerfile]));
    const built = await old<{ logs: string[]; id: string }>('build', context, 'built:1');
    expect(built.logs[0]).toBe('STEP 1: FROM imported:1\n');
    expect(await old('images')).toMatchObject([{ id }, { id: imported }, { id: built.id }]);
  });

  it('removes, and follows what has happened to its end', async () => {
    expect(await old('remove', 'built:1')).toMatchObject({ untagged: ['localhost/built:1'] });
    const events = await old<{ status: string; name: string }[]>('events', '1h', '0s');
    expect(events.map(({ status }) => status)).toEqual(
      expect.arrayContaining(['pull', 'push', 'save', 'loadfromarchive', 'import', 'remove']),
    );
  });

  it('tells by the type of an error what went wrong', async () => {
    const reason = 'unable to find a name and tag match for nosuch in repotags: no such image\n';
    expect(await run(program, [scene.daemon.address, 'remove', 'nosuch'])).toMatchObject({
      code: 1,
      stderr: reason,
    });
    expect(await run(program, [scene.daemon.address, 'push', name, 'nonsense:x'])).toMatchObject({ code: 2 });
  });
});
