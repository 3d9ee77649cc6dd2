// ContainerRunlabel: who is told the command, who may run it, and what becomes of it.
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startRegistry, type EmbeddedRegistry } from '../peers/registry.js';
import { buildImage, putImage } from '../peers/sample-image.js';
import { buildShellImage } from '../peers/shell-image.js';
import { pause, until } from '../protocol/until.js';
import { askAs } from './support/ask-as.js';
import { Imaged } from './support/imaged.js';
import { PeerStore } from './support/peer-store.js';
import { VarlinkReplyError } from './support/varlink.js';

const name = 'localhost/labelled:1';

/** A killed one is there until it was waited for, by whoever does that for orphans. */
function runs(pid: string): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

describe('ContainerRunlabel', () => {
  let store: PeerStore;
  let registry: EmbeddedRegistry;
  /** Runs commands. */
  let willing: Imaged;
  /** Does not. */
  let usual: Imaged;

  beforeAll(async () => {
    registry = await startRegistry();
    store = await PeerStore.create({ insecure: [registry.host] });
    willing = await Imaged.start(store, { args: ['--allow-runlabel'] });
    usual = await Imaged.start(store);
    putImage(registry, 'test/shell', '1', await buildShellImage());
    const context = join(store.directory, 'context');
    await mkdir(context);
    const labels = {
      RUN: 'podman run --rm --network none -e WHAT=${OPT1} --name NAME IMAGE /bin/hello',
      Install: `sh -c 'echo "$IMAGE" "$1" > "$OPT2"; echo installed' sh`,
      fail: 'sh -c "exit 7"',
      missing: 'no-such-program IMAGE',
      wait: `sh -c 'echo $$ > $OPT1; sleep 1000'`,
      start: `sh -c 'sleep 1000 & echo $! > $OPT1; echo $$ >> $OPT1; wait'`,
      broken: `echo 'a`,
      blank: ' ',
    };
    const lines = Object.entries(labels).map(
      ([key, value]) => `LABEL ${key}=${JSON.stringify(value).replaceAll('$', '\\$')}`,
    );
    await writeFile(join(context, 'Dockerfile'), [`FROM ${registry.host}/test/shell:1`, ...lines].join('\n'));
    await store.podmanOutput('build', '--quiet', '--tag', name, context);
  });

  afterAll(async () => {
    await willing.close();
    await usual.close();
    await registry.close();
    await store.close();
  });

  async function runlabel(daemon: Imaged, label: string, more: object = {}): Promise<unknown> {
    return await daemon.call('ContainerRunlabel', { runlabel: { image: name, label, ...more } });
  }

  /** Why it failed: the error's short name and its reason. */
  async function failure(daemon: Imaged, label: string, more: object = {}): Promise<string> {
    try {
      await runlabel(daemon, label, more);
    } catch (error) {
      if (error instanceof VarlinkReplyError) return `${error.error.replace(/.*\./, '')}: ${error.reason}`;
      throw error;
    }
    return 'none';
  }

  it('runs podman on the store of the service, and has what it prints in the log', async () => {
    expect(await runlabel(willing, 'run', { name: 'greeter', opts: { opt1: 'x' } })).toEqual({});
    expect(willing.log.text).toContain(
      `command: podman run --rm --network none -e WHAT=x --name greeter ${name} /bin/hello\n`,
    );
    expect(willing.log.text).toContain('imaged: info: podman: Hello from a container.\n');
  });

  it('finds labels in whatever letters, and keeps words together', async () => {
    const file = join(store.directory, 'installed file');
    const more = { extraArgs: ['two words; exit'], opts: { opt2: file } };
    expect(await runlabel(willing, 'INSTALL', more)).toEqual({});
    expect(await readFile(file, 'utf8')).toBe(`${name} two words; exit\n`);
    expect(willing.log.text).toContain('imaged: info: sh: installed\n');
  });

  it('tells the command in the log and runs nothing when it is to be shown', async () => {
    const file = join(store.directory, 'shown');
    expect(await runlabel(willing, 'install', { display: true, opts: { opt2: file } })).toEqual({});
    expect(await runlabel(usual, 'fail', { display: true })).toEqual({});
    expect(usual.log.text).toContain("command: sh -c 'exit 7'\n");
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });

  it('tells the command to those who may not run it', async () => {
    expect(await failure(usual, 'fail')).toBe(
      "ErrorOccurred: command: sh -c 'exit 7': not run: imaged was started without --allow-runlabel",
    );
    const parameters = { runlabel: { image: name, label: 'fail' } };
    await chmod(willing.address.replace('unix:', ''), 0o666);
    expect(askAs(65534, willing.address, { method: 'io.podman.ContainerRunlabel', parameters })).toEqual({
      error: 'io.podman.ErrorOccurred',
      parameters: {
        reason: "command: sh -c 'exit 7': not run: only root and the user of this service may",
      },
    });
  });

  it.each([
    ['fail', "ErrorOccurred: `sh -c 'exit 7'` failed: exit status 7"],
    [
      'missing',
      `ErrorOccurred: \`no-such-program ${name}\` failed: exec: "no-such-program": executable file not found in $PATH`,
    ],
    ['none', `ErrorOccurred: ${name} does not contain the label none`],
    ['broken', 'ErrorOccurred: unable to generate command: EOF found when expecting closing quote'],
    ['blank', 'ErrorOccurred: unable to generate command: the label blank names no program'],
  ])('says what is wrong with the label %s', async (label, reason) => {
    expect(await failure(willing, label)).toBe(reason);
  });

  it('finds no image that is not there, unless it is to pull it', async () => {
    const image = `${registry.host}/test/pulled:1`;
    expect(await failure(usual, 'run', { image })).toMatch(/^ImageNotFound: unable to find image: /);
    expect(await failure(usual, 'run', { image, pull: true })).toMatch(
      /^ErrorOccurred: unable to find image: unable to pull /,
    );
    const config = { Labels: { run: 'echo IMAGE' } };
    putImage(registry, 'test/pulled', '1', await buildImage({ layers: [], config }));
    expect(await runlabel(usual, 'run', { image, pull: true, display: true })).toEqual({});
    expect(usual.log.text).toContain(`command: echo ${image}\n`);
  });

  it('ends the command when its caller leaves', async () => {
    const file = join(store.directory, 'pid');
    const connection = await willing.connect();
    const parameters = { runlabel: { image: name, label: 'wait', opts: { opt1: file } } };
    connection.send({ method: 'io.podman.ContainerRunlabel', parameters });
    let pid = '';
    while (!pid.endsWith('\n')) {
      await pause(20);
      pid = await readFile(file, 'utf8').catch(() => '');
    }
    connection.close();
    await until(() => !existsSync(`/proc/${pid.trim()}`));
    expect(await runlabel(willing, 'wait', { display: true })).toEqual({});
  });

  it('ends the command, and what it has started, when the service is killed', async () => {
    const file = join(store.directory, 'killed');
    const doomed = await Imaged.start(store, { args: ['--allow-runlabel'] });
    const connection = await doomed.connect();
    const parameters = { runlabel: { image: name, label: 'start', opts: { opt1: file } } };
    connection.send({ method: 'io.podman.ContainerRunlabel', parameters });
    let pids: string[] = [];
    for (let looks = 0; pids.length < 3 && looks < 500; looks += 1) {
      await pause(20);
      pids = (await readFile(file, 'utf8').catch(() => '')).split('\n');
    }
    await doomed.kill();
    expect(pids).toHaveLength(3);
    for (const pid of pids.slice(0, 2)) await until(() => !runs(pid));
  });
});
