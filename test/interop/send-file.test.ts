// SendFile and ReceiveFile: what callers of 2020 do, what nobody may do, and what is left behind.
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { askAs } from './support/ask-as.js';
import { Imaged } from './support/imaged.js';
import { exchangedFiles, OldClient, receiveFile, sendFile, untilExchanged } from './support/old-client.js';
import { PeerStore } from './support/peer-store.js';
import { noise } from './support/rich-image.js';

jest.setTimeout(60_000);

let store: PeerStore;
let daemon: Imaged;

beforeEach(async () => {
  store = await PeerStore.create();
  daemon = await Imaged.start(store);
});

afterEach(async () => {
  await daemon.close();
  await store.close();
});

function client(): OldClient {
  return new OldClient(daemon.address);
}

const version = { method: 'io.podman.GetVersion' };
const refusal = (path: string): object => ({
  error: 'io.podman.ErrorOccurred',
  parameters: { reason: expect.stringMatching(`^open ${path}: permission denied`) },
});

describe('an uploaded file', () => {
  it('is taken to the byte, and can be had again on the same connection', async () => {
    using caller = client();
    const bytes = noise(3_000_000, 'upload');
    const handle = await caller.upload(bytes);
    expect(handle).not.toContain(':');
    expect((await readFile(handle)).equals(bytes)).toBe(true);
    expect((await caller.download(handle))?.equals(bytes)).toBe(true);
    caller.send(version);
    expect(await caller.next()).toMatchObject({ parameters: { remote_api_version: 1 } });
  });

  it('may follow its call at once, and the next call may follow that', async () => {
    using caller = client();
    const bytes = Buffer.from('{"method":"nonsense"}\0\0and more');
    const messages = [`${JSON.stringify(sendFile(bytes.length))}\0`, bytes, `${JSON.stringify(version)}\0`];
    caller.write(Buffer.concat(messages.map((message) => Buffer.from(message))));
    const { parameters } = (await caller.next()) as { parameters: { file_handle: string } };
    expect(await caller.bytes(parameters.file_handle.length + 1)).toBe(`${parameters.file_handle}:`);
    expect(await caller.next()).toMatchObject({ parameters: { remote_api_version: 1 } });
    expect(await readFile(parameters.file_handle)).toEqual(bytes);
  });

  it.each([0, -1, -5_000_000_000])('of %d bytes is acknowledged at once', async (length) => {
    using caller = client();
    caller.send(sendFile(length), version);
    const { parameters } = (await caller.next()) as { parameters: { file_handle: string } };
    expect(await caller.bytes(parameters.file_handle.length + 1)).toBe(`${parameters.file_handle}:`);
    expect(await caller.next()).toMatchObject({ parameters: { remote_api_version: 1 } });
  });

  it('is for nobody but its owner, and gone with the connection', async () => {
    using caller = client();
    using other = client();
    const handle = await caller.upload(Buffer.from('mine'));
    other.send(receiveFile(handle));
    expect(await other.next()).toEqual(refusal(handle));
    expect(await exchangedFiles(store.root)).toEqual([handle]);
    caller.socket.destroy();
    await untilExchanged(store.root);
  });

  it('is removed when it is fetched for good, and cannot be named again', async () => {
    using caller = client();
    const handle = await caller.upload(Buffer.from('once'));
    expect(await caller.download(handle, true)).toEqual(Buffer.from('once'));
    caller.send(receiveFile(handle));
    expect(await caller.next()).toEqual(refusal(handle));
    expect(await exchangedFiles(store.root)).toEqual([]);
  });

  it('that is larger than the disk is refused before a byte is sent', async () => {
    using caller = client();
    caller.send(sendFile(2 ** 52), version);
    expect(await caller.next()).toEqual({
      error: 'io.podman.ErrorOccurred',
      parameters: { reason: `${2 ** 52} bytes cannot be taken: no space left on device` },
    });
    expect(await caller.next()).toMatchObject({ parameters: { remote_api_version: 1 } });
    expect(await exchangedFiles(store.root)).toEqual([]);
  });

  it('lies where nobody else can look, on the disk of the store', async () => {
    using caller = client();
    const handle = await caller.upload(Buffer.from('private'));
    expect(handle.startsWith(`${store.root}/`)).toBe(true);
    const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups', 'cat', handle];
    expect(spawnSync('setpriv', asNobody).status).not.toBe(0);
  });
});

describe('a caller that hangs up', () => {
  it('in the middle of an upload leaves nothing', async () => {
    const before = (await daemon.descriptors()).length;
    for (let round = 0; round < 5; round += 1) {
      using caller = client();
      caller.send(sendFile(1_000_000));
      await caller.next();
      caller.write(noise(200_000, 'half'));
      await sleep(20);
      caller.socket.destroy();
    }
    await untilExchanged(store.root);
    expect((await daemon.descriptors()).length).toBeLessThanOrEqual(before + 1);
  });

  it('before the reply to its upload leaves nothing', async () => {
    for (let round = 0; round < 5; round += 1) {
      using caller = client();
      caller.send(sendFile(1000));
      await sleep(round);
      caller.socket.destroy();
    }
    await untilExchanged(store.root);
    await expect(daemon.call('GetVersion')).resolves.toMatchObject({ remote_api_version: 1 });
  });

  it('in the middle of a download leaves nothing', async () => {
    const before = (await daemon.descriptors()).length;
    using caller = client();
    const handle = await caller.upload(noise(20_000_000, 'download'));
    caller.send(receiveFile(handle, true));
    await caller.next();
    caller.socket.destroy();
    await untilExchanged(store.root);
    expect((await daemon.descriptors()).length).toBeLessThanOrEqual(before + 1);
  });
});

describe('a file of the host', () => {
  it('is given to root, exactly as long as it was said to be, and deleted when asked for', async () => {
    using caller = client();
    const path = join(store.directory, 'file');
    const bytes = noise(1_000_000, 'host');
    await writeFile(path, bytes);
    expect((await caller.download(path))?.equals(bytes)).toBe(true);
    expect((await caller.download(path, true))?.equals(bytes)).toBe(true);
    caller.send(receiveFile(path));
    expect(await caller.next()).toEqual({
      error: 'io.podman.ErrorOccurred',
      parameters: { reason: `open ${path}: no such file or directory` },
    });
  });

  it('must be a regular file: no directory, no link, no pipe', async () => {
    using caller = client();
    const [directory, link, pipe] = ['directory', 'link', 'pipe'].map((name) => join(store.directory, name));
    await mkdir(directory as string);
    await symlink('/etc/passwd', link as string);
    execFileSync('mkfifo', [pipe as string]);
    const reasons: unknown[] = [];
    for (const path of [directory, link, pipe]) {
      caller.send(receiveFile(path as string, true));
      reasons.push(((await caller.next()) as { parameters: { reason: string } }).parameters.reason);
    }
    expect(reasons).toEqual([
      `open ${directory}: not a regular file`,
      `open ${link}: too many symbolic links encountered`,
      `open ${pipe}: not a regular file`,
    ]);
  });

  it('is not given to another user, who is not even told whether it is there', async () => {
    await chmod(store.directory, 0o755);
    await chmod(daemon.address.replace('unix:', ''), 0o666);
    const path = join(store.directory, 'registries.conf');
    expect(askAs(65534, daemon.address, receiveFile(path))).toEqual(refusal(path));
    expect(askAs(65534, daemon.address, receiveFile('/no/such/file', true))).toEqual(
      refusal('/no/such/file'),
    );
    using caller = client();
    const handle = await caller.upload(Buffer.from('mine'));
    expect(askAs(65534, daemon.address, receiveFile(handle))).toEqual(refusal(handle));
  });
});

describe('a reply', () => {
  it('is read before the file begins: clients of Go lose what comes with it', async () => {
    using caller = client();
    const handle = await caller.upload(Buffer.from('content'));
    caller.socket.pause();
    caller.send(receiveFile(handle));
    await sleep(200);
    const first = once(caller.socket, 'data');
    caller.socket.resume();
    const [piece] = (await first) as [Buffer];
    expect(piece.toString()).toMatch(/^\{"parameters":\{"len":7\}\}\0$/);
    await expect(caller.next()).resolves.toEqual({ parameters: { len: 7 } });
    await expect(caller.bytes(7)).resolves.toBe('content');
  });
});

describe('a call without upgrade', () => {
  it.each([
    ['SendFile', { type: '', length: 3 }],
    ['ReceiveFile', { path: '/etc/passwd', delete: false }],
  ])('%s is refused in the words of 2020', async (method, parameters) => {
    await expect(daemon.call(method, parameters)).rejects.toMatchObject({
      error: 'io.podman.ErrorOccurred',
      reason: 'client must use upgraded connection to send files',
    });
  });
});

describe('a daemon that was killed', () => {
  it('leaves uploads that the next one removes, but not those of one that lives', async () => {
    using caller = client();
    await caller.upload(Buffer.from('left'));
    const living = await Imaged.start(store);
    using other = new OldClient(living.address);
    const kept = await other.upload(Buffer.from('kept'));
    await daemon.kill();
    expect(await exchangedFiles(store.root)).toHaveLength(2);
    daemon = await Imaged.start(store);
    await untilExchanged(store.root, [kept]);
    await living.close();
    expect(await exchangedFiles(store.root)).toEqual([]);
  });
});
