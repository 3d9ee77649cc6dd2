// The log of a daemon whose output goes to a real journal.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { Imaged } from './support/imaged.js';
import { OwnJournal } from './support/journal.js';
import { PeerStore } from './support/peer-store.js';
import { stop } from './support/process.js';
import { VarlinkConnection } from './support/varlink.js';

describe('the log of a daemon in the journal', () => {
  let journal: OwnJournal;
  let store: PeerStore;
  let daemon: ChildProcess;
  let connection: VarlinkConnection;

  beforeAll(async () => {
    store = await PeerStore.create();
    journal = await OwnJournal.start();
    const address = `unix:${join(store.directory, 'journal.sock')}`;
    // Without the format that other tests ask for.
    const args = Imaged.arguments(store).slice(0, -2);
    const [program, command] = journal.command(process.execPath, ...args, '--address', address);
    daemon = spawn(program, command, { env: store.environment, stdio: 'inherit' });
    for (;;) {
      try {
        connection = await VarlinkConnection.connect(address);
        return;
      } catch (error) {
        if (daemon.exitCode !== null) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  });

  afterAll(async () => {
    connection?.close();
    await stop(daemon);
    await journal.close();
    await store.close();
  });

  /** The first entry with this field, once it is there. */
  async function entry(match: string): Promise<Readonly<Record<string, unknown>>> {
    for (;;) {
      const [found] = await journal.entries(match);
      if (found !== undefined) return found;
      if (daemon.exitCode !== null) throw new Error('imaged has ended');
    }
  }

  it('has a field for everything that is to be found by it', async () => {
    const parameters = { name: 'no-such', tagged: 'b' };
    await expect(connection.call('io.podman.TagImage', parameters)).rejects.toThrow('no such image');
    expect(await entry('IMAGED_METHOD=io.podman.TagImage')).toMatchObject({
      PRIORITY: '6',
      SYSLOG_IDENTIFIER: 'imaged',
      _PID: String(daemon.pid),
      IMAGED_AUDIT: 'change',
      IMAGED_UID: String(process.getuid?.()),
      IMAGED_ASKED_NAME: 'no-such',
      IMAGED_OUTCOME: 'io.podman.ImageNotFound',
      MESSAGE: expect.stringMatching(/^io\.podman\.TagImage name=no-such tagged=b: .* \(\d+ ms\)$/),
    });
  });

  it('has how far an operation came', async () => {
    const name = 'dir:/no/such/directory';
    await expect(connection.call('io.podman.PullImage', { name })).rejects.toThrow('ErrorOccurred');
    expect(await entry(`IMAGED_OPERATION_TARGET=${name}`)).toMatchObject({
      IMAGED_OPERATION_KIND: 'pull',
      IMAGED_OPERATION_PHASE: expect.stringMatching(/^(waiting|resolve)$/),
      IMAGED_OPERATION_MOVED: '0',
    });
  });
});
