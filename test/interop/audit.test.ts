// The audit trail of a real daemon.
import { chmod } from 'node:fs/promises';
import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { buildImage } from '../peers/sample-image.js';
import { askAs } from './support/ask-as.js';
import { Scene } from './support/scene.js';

interface Line {
  readonly time: string;
  readonly outcome: string;
  readonly milliseconds: number;
  readonly operation?: { readonly moved: number };
}

describe('the audit trail of a daemon', () => {
  let scene: Scene;
  let image: string;
  let id: string;

  beforeAll(async () => {
    scene = await Scene.open({
      args: [
        '--log-level',
        'debug',
        '--log-format',
        'json',
        '--allow-plain-tcp',
        '--jsonrpc',
        'tcp:127.0.0.1:0;role=admin',
      ],
      // What a program of a service inherits whose own output goes elsewhere.
      env: { JOURNAL_STREAM: '8:1' },
    });
    image = scene.serve('a', await buildImage({ layers: [[{ name: 'a', content: 'a' }]] }));
  });

  afterAll(async () => {
    await scene.close();
  });

  /** The next line with this text, which is after `from` characters of the log. */
  async function line(level: string, text: string, from = 0): Promise<Line> {
    const pattern = new RegExp(`^(\\{"level":"${level}".*${text}.*\\})$`, 'm');
    const over = (): boolean => scene.daemon.child.exitCode !== null;
    for (;;) {
      const [, found] = pattern.exec(scene.daemon.log.text.slice(from)) ?? [];
      if (found !== undefined) return JSON.parse(found) as Line;
      if (over()) throw new Error(scene.daemon.log.text);
      await new Promise((resolve) => {
        scene.daemon.child.stderr?.once('data', resolve);
      });
    }
  }

  const me = { uid: process.getuid?.(), gid: process.getgid?.(), pid: process.pid };

  it('has a pull without its credentials, and what came of it', async () => {
    const connection = await scene.daemon.connect();
    const creds = { username: 'somebody', password: 'very-secret' };
    const reply = (await connection.call('io.podman.PullImage', { name: image, creds })) as {
      reply: { id: string };
    };
    connection.close();
    ({ id } = reply.reply);
    const found = await line('info', '"io.podman.PullImage"');
    expect(found).toMatchObject({
      audit: 'change',
      door: 'varlink',
      ...me,
      asked: { name: image },
      got: { id },
      operation: { kind: 'pull', target: image, phase: 'commit', blobs: 2, skipped: 0 },
      outcome: 'ok',
      msg: expect.stringMatching(`^io.podman.PullImage name=${image}: ok \\(\\d+ ms\\)$`),
    });
    expect(found.operation?.moved).toBeGreaterThan(100);
    expect(Date.now() - Date.parse(found.time)).toBeLessThan(60_000);
    expect(found.milliseconds).toBeGreaterThan(0);
    expect(scene.daemon.log.text).not.toMatch(/somebody|very-secret/);
  });

  it('has one line of a pull that fails, with how far it came and why, without what its name had of secrets', async () => {
    const from = scene.daemon.log.text.length;
    const connection = await scene.daemon.connect();
    const name = `docker://somebody:very-secret@${scene.name('none')}?signature=very-secret`;
    const creds = { username: 'somebody', password: 'very-secret' };
    for (const called of [name, scene.name('none')]) {
      await expect(connection.call('io.podman.PullImage', { name: called, creds })).rejects.toThrow(
        'ErrorOccurred',
      );
    }
    connection.close();
    const found = await line('info', `"target":"${scene.name('none')}"`, from);
    expect(found).toMatchObject({
      operation: { kind: 'pull', phase: 'resolve', blobs: 0, moved: 0, skipped: 0 },
      outcome: 'io.podman.ErrorOccurred',
      error: expect.stringContaining('manifest'),
    });
    const lines = scene.daemon.log.text.slice(from).match(/^.*PullImage.*$/gm);
    expect(lines).toHaveLength(2);
    expect(scene.daemon.log.text).not.toMatch(/somebody|very-secret/);
  });

  it('has what reads, at the level for those who look for mistakes', async () => {
    await scene.daemon.call('ListImages');
    expect(await line('debug', '"io.podman.ListImages"')).toMatchObject({
      audit: 'read',
      ...me,
      outcome: 'ok',
    });
  });

  it('has who was refused, and why', async () => {
    const from = scene.daemon.log.text.length;
    const parameters = { name: 'no-such-image', tagged: 'b' };
    await chmod(scene.daemon.address.replace('unix:', ''), 0o666);
    askAs(65534, scene.daemon.address, { method: 'io.podman.TagImage', parameters });
    expect(await line('info', '"io.podman.TagImage"', from)).toMatchObject({
      uid: 65534,
      gid: 65534,
      asked: parameters,
      outcome: 'io.podman.ImageNotFound',
    });
  });

  it('has calls of the other door, whose callers nobody knows', async () => {
    const [, port = ''] = /jsonrpc\+tcp:127\.0\.0\.1:(\d+)/.exec(scene.daemon.log.text) ?? [];
    const socket = connect(Number(port), '127.0.0.1');
    const call = {
      jsonrpc: '2.0',
      id: 1,
      method: 'io.podman.UntagImage',
      params: { name: id, tag: 'no-such' },
    };
    socket.write(`${JSON.stringify(call)}\n`);
    await once(socket, 'data');
    socket.destroy();
    const found = await line('info', '"io.podman.UntagImage"');
    expect(found).toMatchObject({ door: 'jsonrpc', outcome: 'io.podman.ErrorOccurred' });
    expect(found).not.toHaveProperty('uid');
  });

  it('has that a caller left', async () => {
    const connection = await scene.daemon.connect();
    connection.send({ method: 'io.podman.GetEvents', parameters: { since: '1h' }, more: true });
    await connection.receive();
    connection.close();
    expect(await line('debug', '"io.podman.GetEvents"')).toMatchObject({
      audit: 'read',
      door: 'varlink',
      outcome: 'left',
    });
  });

  it('has calls that want no answer', async () => {
    const connection = await scene.daemon.connect();
    const parameters = { name: id, tagged: 'localhost/quiet:1' };
    const from = scene.daemon.log.text.length;
    connection.send({ method: 'io.podman.TagImage', parameters, oneway: true });
    expect(await line('info', 'quiet:1', from)).toMatchObject({
      asked: parameters,
      got: { image: id },
      outcome: 'ok',
    });
    connection.close();
  });
});
