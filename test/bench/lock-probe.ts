// A process of its own that watches who holds the store's locks for writing: `node lock-probe.js ROOT`, until its input ends.
import { existsSync, openSync } from 'node:fs';
import { join } from 'node:path';

import { check, declare } from '../../src/sys/libc.js';

/** How long each lock was held for writing, in milliseconds, one number for each time. */
export type LockHolds = Readonly<Record<string, readonly number[]>>;

const names = ['overlay-layers/layers.lock', 'overlay-images/images.lock'];

const fcntl = declare('int fcntl(int fd, int cmd, void *lock)');
// F_OFD_GETLK asks about both kinds of record locks, and takes none.
const askLock = 36;
const readLock = 0;
const unlocked = 2;
/** The precision of what is measured. */
const pauseMs = 0.25;

function watch(root: string): void {
  const holds = new Map(names.map((name) => [name, [] as number[]]));
  const files = new Map<string, number>();
  const since = new Map<string, number>();
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const question = Buffer.alloc(32);
  const look = (): void => {
    for (const name of names) {
      const path = join(root, name);
      const file = files.get(name) ?? (existsSync(path) ? openSync(path, 'r') : undefined);
      if (file === undefined) {
        continue;
      }
      files.set(name, file);
      question.fill(0);
      question.writeInt16LE(readLock, 0);
      check(fcntl(file, askLock, question), 'fcntl', path);
      const held = question.readInt16LE(0) !== unlocked;
      const start = since.get(name);
      if (held && start === undefined) {
        since.set(name, performance.now());
      } else if (!held && start !== undefined) {
        holds.get(name)?.push(performance.now() - start);
        since.delete(name);
      }
    }
  };
  const round = (): void => {
    const until = performance.now() + 20;
    while (performance.now() < until) {
      look();
      Atomics.wait(pause, 0, 0, pauseMs);
    }
    timer = setImmediate(round);
  };
  let timer = setImmediate(round);
  process.stdin.on('end', () => {
    clearImmediate(timer);
    console.log(JSON.stringify(Object.fromEntries(holds)));
  });
  process.stdin.resume();
}

const [, , root] = process.argv;
if (root !== undefined) {
  watch(root);
}
