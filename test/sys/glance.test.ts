import { appendFileSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Glance } from '../../src/sys/glance.js';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'imaged-glance-'));
  path = join(directory, 'file');
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('a look at a file', () => {
  it('is the same while nothing changes, and another after each change', () => {
    const glance = new Glance(path);
    writeFileSync(path, 'one');
    const looks = [glance.look()];
    expect(glance.look()).toBe(looks[0]);
    appendFileSync(path, ' two');
    looks.push(glance.look());
    utimesSync(path, 1, 2);
    looks.push(glance.look());
    writeFileSync(`${path}.new`, 'one two');
    utimesSync(`${path}.new`, 1, 2);
    renameSync(`${path}.new`, path);
    looks.push(glance.look());
    rmSync(path);
    looks.push(glance.look());
    expect(new Set(looks).size).toBe(5);
  });

  it('is empty without a file, or without its directory', () => {
    expect(new Glance(path).look()).toBe('');
    writeFileSync(path, '');
    expect(new Glance(join(path, 'below')).look()).toBe('');
  });

  it('fails with the path for what cannot be looked at', () => {
    const endless = join(directory, 'x'.repeat(300));
    expect(() => new Glance(endless).look()).toThrow(`ENAMETOOLONG: statx '${endless}'`);
  });
});

describe('the start of a file', () => {
  it('is its first bytes, one character each, fewer if it is shorter', () => {
    writeFileSync(path, Buffer.from([0xff, 0, 0x41, 0x42]));
    const glance = new Glance(path);
    expect(glance.start(Buffer.alloc(3))).toBe('\xff\0A');
    expect(glance.start(Buffer.alloc(64))).toBe('\xff\0AB');
  });

  it('is empty without a file, and fails for a directory', () => {
    expect(new Glance(path).start(Buffer.alloc(8))).toBe('');
    expect(() => new Glance(directory).start(Buffer.alloc(8))).toThrow('EISDIR');
  });
});
