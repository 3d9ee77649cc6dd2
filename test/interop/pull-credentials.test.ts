// Where the credentials of a pull come from.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { type EmbeddedRegistry, startRegistry } from '../peers/registry.js';
import { buildImage, putImage, type SampleImage } from '../peers/sample-image.js';
import { Scene } from './support/scene.js';

jest.setTimeout(60_000);

let scene: Scene;
let image: SampleImage;

beforeEach(async () => {
  scene = await Scene.open();
  image = await buildImage({ layers: [[{ name: 'file', content: 'content' }]] });
});

afterEach(async () => {
  await scene.close();
});

describe('credentials', () => {
  let closed: EmbeddedRegistry;
  let name: string;

  beforeEach(async () => {
    closed = await startRegistry({ auth: { scheme: 'bearer', username: 'me', password: 'secret' } });
    putImage(closed, 'test/image', '1', image);
    name = `${closed.host}/test/image:1`;
    await writeFile(
      scene.store.registriesConf,
      `[[registry]]\nlocation = "${closed.host}"\ninsecure = true\n`,
    );
  });

  afterEach(async () => {
    await closed.close();
  });

  it('come with the call', async () => {
    const creds = { username: 'me', password: 'secret' };
    const { reply } = await scene.daemon.call<{ reply: { id: string } }>('PullImage', { name, creds });
    expect(`sha256:${reply.id}`).toBe(image.config.digest);
  });

  it('come from the auth file when the call has none', async () => {
    const auth = Buffer.from('me:secret').toString('base64');
    await writeFile(
      join(scene.store.directory, 'auth.json'),
      JSON.stringify({ auths: { [closed.host]: { auth } } }),
    );
    await expect(scene.daemon.pull(name)).resolves.toBe(image.config.digest.slice('sha256:'.length));
  });

  it('that are wrong are told so, and stay out of the message and the log', async () => {
    const creds = { username: 'me', password: 'not-the-password' };
    await expect(scene.daemon.call('PullImage', { name, creds })).rejects.toMatchObject({
      error: 'io.podman.ErrorOccurred',
      reason: expect.stringMatching(/unauthorized|invalid username\/password/),
    });
    expect(scene.daemon.log.text).not.toContain('not-the-password');
    expect(scene.daemon.log.text).not.toContain(Buffer.from('me:not-the-password').toString('base64'));
  });
});
