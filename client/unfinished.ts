// What a command makes before it has succeeded: it goes if the command fails, also when the process ends without waiting for anything.
import { closeSync, mkdirSync, mkdtempSync, openSync, rmdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

/** What is not kept yet, the oldest first. */
const all = new Set<Unfinished>();
let isWatching = false;

/**
 * Files and directories that go when this is disposed before they are {@link keep kept}. Nobody is asked for them in between:
 * everything is made at once, so that a signal never finds what nobody has noted. Only what was made here goes, with nothing
 * that others have put there.
 */
export class Unfinished implements Disposable {
  #undo: (() => void)[] = [];

  constructor() {
    all.add(this);
    if (!isWatching) process.on('exit', dropAll);
    isWatching = true;
  }

  /** Makes an empty file. Throws what the system says, also where there is one. */
  file(path: string, mode = 0o666): void {
    closeSync(openSync(path, 'wx', mode));
    this.#undo.push(() => rmSync(path, { force: true }));
  }

  /** Makes a directory and those above it, unless they are there. Throws what the system says. */
  directory(path: string): void {
    const first = mkdirSync(path, { recursive: true });
    if (first === undefined) return;
    const made = [path];
    for (let above = path; above.length > first.length; made.unshift(above)) above = dirname(above);
    for (const each of made) this.#undo.push(() => rmdirSync(each));
  }

  /** Makes a directory of a new name that begins with `prefix`, and goes with all that is in it. Throws what the system says. */
  scratch(prefix: string): string {
    const path = mkdtempSync(prefix);
    this.#undo.push(() => rmSync(path, { recursive: true, force: true }));
    return path;
  }

  /** All of it stays. */
  keep(): void {
    this.#undo = [];
    all.delete(this);
  }

  [Symbol.dispose](): void {
    for (const undo of this.#undo.toReversed()) {
      try {
        undo();
      } catch {
        // Others have put something there, or the disk is gone; why the command failed says more.
      }
    }
    this.keep();
  }
}

function dropAll(): void {
  for (const each of [...all].toReversed()) each[Symbol.dispose]();
}
