// The threads in which builds work on file systems.
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { packLayer } from '../../src/archive/pack-layer.js';
import { output } from './support/process.js';
import { makeRichTree } from './support/rich-tree.js';
import { makeBusyboxRoot } from './support/run-step.js';
import { describeTree } from './support/tree.js';
import { runScript, startScript } from './support/workplace-script.js';

jest.setTimeout(90_000);

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'imaged-workplaces-'));
  renameSync(makeBusyboxRoot(), join(root, 'base'));
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

const script = (text: string, wrapper?: readonly string[]): Promise<unknown> =>
  runScript(root, text, wrapper);

describe('a workplace', () => {
  it('makes layers of what steps do, each on those before', async () => {
    const printed = await script(`
      const workplaces = new BuildWorkplaces({ stateDirectory });
      const place = await workplaces.open(never);
      const context = join(directory, 'context');
      fs.mkdirSync(join(context, 'sub'), { recursive: true });
      fs.writeFileSync(join(context, 'sub/file'), 'content');
      const first = tree(base);
      await place.mount(first);
      await place.makeDirectory('/srv/app', '12:34');
      await place.copy(copy(context, ['sub'], '/srv/app/'));
      let output = '';
      const { status } = await place.run(shell('cat /srv/app/file; mkdir /old; echo x > /old/x'), async (piece) => { output += Buffer.from(piece); });
      await place.unmount();
      const one = await pack(place, first);
      const second = tree(first.upper, base);
      await place.mount(second);
      await place.run(shell('rm -r /old /srv/app/file; mkdir /old'), quiet);
      await place.unmount();
      await pack(place, second);
      const flat = join(directory, 'flat');
      fs.mkdirSync(flat);
      await place.flatten({ lowers: [second.upper, first.upper] }, flat);
      await place[Symbol.asyncDispose]();
      await workplaces.close();
      print({
        output, status,
        layers: [first, second].map(({ upper }) => list(upper)),
        owners: [one.uids, one.gids],
        flat: list(flat), left: [...fs.readdirSync(stateDirectory), ...fs.readdirSync(second.work)],
      });
    `);
    expect(printed).toEqual({
      output: 'content',
      status: 0,
      layers: [
        [
          'd 755 0:0 old',
          'd 755 12:34 srv',
          'd 755 12:34 srv/app',
          'f 644 0:0 old/x',
          'f 644 0:0 srv/app/file',
        ],
        ['c 0 0:0 srv/app/file', 'd 755 0:0 old', 'd 755 12:34 srv', 'd 755 12:34 srv/app'],
      ],
      owners: [
        [0, 12],
        [0, 34],
      ],
      flat: ['d 755 0:0 old', 'd 755 12:34 srv', 'd 755 12:34 srv/app'],
      left: [],
    });
  });

  it('has mounts that nobody else sees, on the root directory that the layers below have', async () => {
    const printed = await script(`
      const workplaces = new BuildWorkplaces({ stateDirectory });
      const place = await workplaces.open(never);
      const scratch = tree();
      await place.mount(scratch);
      await place.makeDirectory('/made', '');
      const outside = fs.readdirSync(scratch.merged);
      const seen = fs.readFileSync('/proc/self/mountinfo', 'utf8').includes(scratch.merged);
      await place.unmount();
      const below = join(directory, 'below');
      fs.mkdirSync(below);
      fs.chownSync(below, 5, 6);
      fs.chmodSync(below, 0o2751);
      const above = tree(below);
      await place.mount(above);
      await place.unmount();
      await place[Symbol.asyncDispose]();
      await workplaces.close();
      const status = ({ upper }) => { const { mode, uid, gid } = fs.statSync(upper); return [(mode & 0o7777).toString(8), uid, gid]; };
      print({ outside, seen, scratch: status(scratch), above: status(above), made: list(scratch.upper) });
    `);
    expect(printed).toEqual({
      outside: [],
      seen: false,
      scratch: ['555', 0, 0],
      above: ['2751', 5, 6],
      made: ['d 755 0:0 made'],
    });
  });

  it('mounts as many layers as current programs do', async () => {
    const printed = await script(`
      const lowers = Array.from({ length: 499 }, (_, index) => {
        const lower = join(directory, 'many', 'a-name-as-long-as-the-id-of-a-layer-is-in-the-store-'.repeat(2) + index);
        fs.mkdirSync(lower, { recursive: true });
        fs.writeFileSync(join(lower, 'file-' + index), '');
        return lower;
      });
      const workplaces = new BuildWorkplaces({ stateDirectory });
      const place = await workplaces.open(never);
      const top = tree(...lowers, base);
      await place.mount(top);
      let output = '';
      await place.run(shell('ls / | grep -c file-'), async (piece) => { output += Buffer.from(piece); });
      await place.unmount();
      const tooMany = await place.mount(tree(...lowers, ...lowers)).catch(({ name, message }) => ({ name, message }));
      const stacked = await place.digestOf({ kind: 'stack', stack: { lowers: [...lowers, base] } }, '/file-498');
      await place[Symbol.asyncDispose]();
      await workplaces.close();
      print({ output, tooMany, stacked });
    `);
    expect(printed).toEqual({
      output: '499\n',
      tooMany: { name: 'MountError', message: expect.stringContaining('more than 500') },
      stacked: expect.stringMatching(/^file:[0-9a-f]{64}$/),
    });
  });

  it('throws errors as what they were in the thread, and works on', async () => {
    const printed = await script(`
      const workplaces = new BuildWorkplaces({ stateDirectory });
      const place = await workplaces.open(never);
      const caught = async (promise) => promise.then(() => 'nothing', (error) => error);
      const unmounted = await caught(place.makeDirectory('/a', ''));
      const one = tree(base);
      await place.mount(one);
      const twice = await caught(place.mount(tree(base)));
      const missing = await caught(place.copy(copy(directory, ['missing'], '/')));
      const nobody = await caught(place.makeDirectory('/a', 'nobody-of-that-name'));
      await place.makeDirectory('/b', '');
      await place.unmount();
      const again = await pack(place, one);
      const taken = await caught(pack(place, one));
      await place[Symbol.asyncDispose]();
      await workplaces.close();
      print({
        codes: [unmounted, twice, missing, nobody, taken].map(({ code }) => code),
        classes: [missing instanceof SourceMissingError, nobody instanceof AccountError],
        message: unmounted.message, again: again.diffSize,
      });
    `);
    expect(printed).toEqual({
      codes: ['WORKING_TREE', 'WORKING_TREE', 'SOURCE_MISSING', expect.any(String), 'EEXIST'],
      classes: [true, true],
      message: 'no working root is mounted',
      again: 2560,
    });
  });

  it('sends the next output only when the last was taken', async () => {
    const printed = await script(`
      const workplaces = new BuildWorkplaces({ stateDirectory });
      const place = await workplaces.open(never);
      await place.mount(tree(base));
      let bytes = 0;
      let taking = 0;
      let most = 0;
      const outcome = await place.run(shell('yes | head -c 5000000'), async (piece) => {
        most = Math.max(most, ++taking);
        bytes += piece.length;
        await sleep(1);
        taking--;
      });
      const broken = await place.run(shell('yes'), async () => { throw new Error('no reader'); }).catch(reason);
      const after = await place.run(shell('true'), quiet);
      await place[Symbol.asyncDispose]();
      await workplaces.close();
      print({ bytes, most, status: outcome.status, broken, after: after.status });
    `);
    expect(printed).toEqual({ bytes: 5_000_000, most: 1, status: 0, broken: 'no reader', after: 0 });
  });

  it('ends with its signal, when what it had started has ended', async () => {
    const printed = await script(`
      const workplaces = new BuildWorkplaces({ stateDirectory });
      const abort = new AbortController();
      const place = await workplaces.open(abort.signal);
      await place.mount(tree(base));
      const running = place.run(shell('echo started; sleep 71717'), async () => abort.abort(new Error('gone away')));
      const ended = await running.catch(reason);
      const left = fs.readdirSync('/proc').filter((pid) => {
        try { return fs.readFileSync('/proc/' + pid + '/cmdline', 'latin1').startsWith('sleep\\0' + '71717'); } catch { return false; }
      });
      const later = await place.unmount().catch(reason);
      await place[Symbol.asyncDispose]();
      // The thread is there for the next one.
      const next = await workplaces.open(never);
      const top = tree(base);
      await next.mount(top);
      const { status } = await next.run(shell('exit 3'), quiet);
      await next[Symbol.asyncDispose]();
      await workplaces.close();
      print({ ended, later, left, status, state: fs.readdirSync(stateDirectory) });
    `);
    expect(printed).toEqual({ ended: 'gone away', later: 'gone away', left: [], status: 3, state: [] });
  });

  it('gives up packing with its signal', async () => {
    const printed = await script(`
      const workplaces = new BuildWorkplaces({ stateDirectory });
      const abort = new AbortController();
      const place = await workplaces.open(abort.signal);
      const large = tree();
      const file = fs.openSync(join(large.upper, 'holes'), 'w');
      fs.ftruncateSync(file, 2 ** 42);
      setTimeout(() => abort.abort(new Error('gone away')), 100);
      const ended = await pack(place, large).catch(reason);
      await place[Symbol.asyncDispose]();
      await workplaces.close();
      print(ended);
    `);
    expect(printed).toBe('gone away');
  });

  it('leaves no process, no mount and in the end no file when its process is killed', async () => {
    const child = startScript(
      root,
      `
      const workplaces = new BuildWorkplaces({ stateDirectory });
      const place = await workplaces.open(never);
      const killed = tree(base);
      await place.mount(killed);
      await place.digestOf({ kind: 'stack', stack: { lowers: [base] } }, '/bin/busybox');
      await place.run(shell('echo started; sleep 72727'), async () => console.log('running'));
    `,
    );
    try {
      await once(child.stdout as NodeJS.ReadableStream, 'data');
      expect(processesWith('cmdline', '72727')).not.toEqual([]);
      expect(processesWith('mountinfo', root)).not.toEqual([]);
    } finally {
      child.kill('SIGKILL');
    }
    await once(child, 'close');
    // The kernel ends them in the order it likes.
    for (let tries = 0; tries < 100; tries += 1) {
      if (processesWith('cmdline', '72727').length + processesWith('mountinfo', root).length === 0) break;
      await sleep(20);
    }
    expect(processesWith('cmdline', '72727')).toEqual([]);
    expect(processesWith('mountinfo', root)).toEqual([]);
    expect(readdirSync(join(root, 'state'))).not.toEqual([]);
    await script(`
      const workplaces = new BuildWorkplaces({ stateDirectory });
      await (await workplaces.open(never))[Symbol.asyncDispose]();
      await workplaces.close();
      print('done');
    `);
    expect(readdirSync(join(root, 'state'))).toEqual([]);
  });

  it('flattens a stack to what is seen when it is mounted', async () => {
    const [base, upper, work, merged, flat] = [
      'rich',
      'rich-upper',
      'rich-work',
      'rich-merged',
      'flat-rich',
    ].map((name) => join(root, name)) as [string, string, string, string, string];
    for (const directory of [base, upper, work, merged, flat]) mkdirSync(directory);
    await makeRichTree(base, 'base', 'fine');
    await makeRichTree(upper, 'upper', 'fine');
    await packLayer(upper, {});
    await output('mount', ['-t', 'overlay', 'rich', '-o', `lowerdir=${upper}:${base}`, merged]);
    let seen: string[];
    try {
      seen = await describeTree(merged);
    } finally {
      await output('umount', [merged]);
    }
    await script(`
      const workplaces = new BuildWorkplaces({ stateDirectory });
      const place = await workplaces.open(never);
      await place.flatten({ lowers: [${JSON.stringify(upper)}, ${JSON.stringify(base)}] }, ${JSON.stringify(flat)});
      await place[Symbol.asyncDispose]();
      await workplaces.close();
      print('done');
    `);
    expect(seen.length).toBeGreaterThan(60);
    expect(await describeTree(flat)).toEqual(seen);
  });

  it('keeps nothing open, however much it did and failed to do', async () => {
    const printed = await script(`
      const workplaces = new BuildWorkplaces({ stateDirectory });
      const cycle = async () => {
        const place = await workplaces.open(never);
        const one = tree(base);
        await place.mount(one);
        await place.makeDirectory('/a/b', '');
        await place.makeDirectory('/bin/busybox/c', '').catch(() => undefined);
        await place.copy(copy(directory, ['missing'], '/')).catch(() => undefined);
        await place.digestOf({ kind: 'stack', stack: { lowers: [base] } }, '/bin');
        await place.run(shell('exit 1'), quiet);
        await place.unmount();
        await pack(place, one);
        await pack(place, one).catch(() => undefined);
        await place[Symbol.asyncDispose]();
        return fs.readdirSync('/proc/self/fd').length;
      };
      await cycle();
      const before = await cycle();
      for (let times = 0; times < 5; times++) await cycle();
      print({ more: (await cycle()) - before });
      await workplaces.close();
    `);
    expect(printed).toEqual({ more: 0 });
  });

  it('says what it lacks where it may not mount', async () => {
    const withoutIt = ['setpriv', '--bounding-set=-sys_admin', '--inh-caps=-sys_admin'];
    const printed = await script(
      `
      const workplaces = new BuildWorkplaces({ stateDirectory });
      const { name, code, message } = await workplaces.open(never).catch((error) => error);
      const again = await workplaces.open(never).catch((error) => error.name);
      await workplaces.close();
      print({ name, code, message, again, left: fs.readdirSync(stateDirectory) });
    `,
      withoutIt,
    );
    expect(printed).toEqual({
      name: 'MountError',
      code: 'MOUNT',
      message: expect.stringContaining('CAP_SYS_ADMIN'),
      again: 'MountError',
      left: [],
    });
  });

  it('works for root of a user namespace', async () => {
    mkdirSync(join(root, 'context-of-user'));
    const printed = await script(
      `
      const workplaces = new BuildWorkplaces({ stateDirectory: join(directory, 'user-state') });
      const place = await workplaces.open(never);
      fs.writeFileSync(join(directory, 'context-of-user/file'), 'x');
      const first = tree(base);
      await place.mount(first);
      await place.makeDirectory('/opt/dir', '');
      await place.copy(copy(join(directory, 'context-of-user'), ['file'], '/opt/dir/'));
      await place.unmount();
      const { diffSize } = await pack(place, first);
      await place[Symbol.asyncDispose]();
      await workplaces.close();
      print({ layer: list(first.upper), isPacked: diffSize > 1024 });
    `,
      ['unshare', '--user', '--map-root-user'],
    );
    expect(printed).toEqual({
      layer: ['d 755 0:0 opt', 'd 755 0:0 opt/dir', 'f 644 0:0 opt/dir/file'],
      isPacked: true,
    });
  });
});

describe('workplaces', () => {
  it('see what the host has mounted since, and hold nothing while they rest', async () => {
    const printed = await script(
      `
      const workplaces = new BuildWorkplaces({ stateDirectory });
      const build = async () => {
        const place = await workplaces.open(never);
        await place.mount(tree(base));
        await place.copy(copy(join(directory, 'mounted'), ['*'], '/')).catch(({ name }) => name);
        const { status } = await place.run(shell('test -e /from-the-mount'), quiet);
        await place[Symbol.asyncDispose]();
        return status;
      };
      fs.mkdirSync(join(directory, 'mounted'));
      const before = await build();
      execFileSync('mount', ['-t', 'tmpfs', 'none', join(directory, 'mounted')]);
      fs.writeFileSync(join(directory, 'mounted/from-the-mount'), '');
      const after = await build();
      const tasks = fs.readdirSync('/proc/self/task');
      const namespaces = new Set(tasks.map((task) => fs.readlinkSync('/proc/self/task/' + task + '/ns/mnt')));
      execFileSync('umount', [join(directory, 'mounted')]);
      await workplaces.close();
      print({ before, after, namespaces: namespaces.size });
    `,
      ['unshare', '--mount', '--propagation', 'private'],
    );
    expect(printed).toEqual({ before: 1, after: 0, namespaces: 1 });
  });

  it('let others wait when all are in use, as long as these like', async () => {
    const printed = await script(`
      const workplaces = new BuildWorkplaces({ stateDirectory, most: 1 });
      workplaces.warm();
      const order = [];
      const first = await workplaces.open(never);
      const impatient = new AbortController();
      const given = workplaces.open(impatient.signal).catch(reason);
      const second = workplaces.open(never).then((place) => { order.push('second'); return place; });
      await sleep(50);
      impatient.abort(new Error('too long'));
      order.push(await given);
      order.push('first');
      await first[Symbol.asyncDispose]();
      await (await second)[Symbol.asyncDispose]();
      const held = await workplaces.open(never);
      await held.mount(tree(base));
      const running = held.run(shell('sleep 73737'), quiet).catch((error) => error instanceof BuildThreadError);
      const waiting = workplaces.open(never).catch((error) => error instanceof BuildThreadError);
      await sleep(300);
      await workplaces.close();
      const late = workplaces.open(never).catch((error) => error instanceof BuildThreadError);
      const ends = await Promise.all([running, waiting, late]);
      await held[Symbol.asyncDispose]();
      print({ order, ends });
    `);
    expect(printed).toEqual({ order: ['too long', 'first', 'second'], ends: [true, true, true] });
    expect(processesWith('cmdline', '73737')).toEqual([]);
  });
});

/** Processes with the text in a file of theirs. */
function processesWith(file: 'cmdline' | 'mountinfo', text: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || pid === String(process.pid)) return false;
    try {
      const content = readFileSync(`/proc/${pid}/${file}`, 'latin1');
      // The script itself has it in its text.
      return content.includes(text) && !content.includes('BuildWorkplaces');
    } catch {
      return false;
    }
  });
}
