import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ProgramError, runProgram, type ProgramEnd } from '../../src/sys/run-program.js';

const env = { PATH: '/usr/bin:/bin' };
const never = new AbortController().signal;
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imaged-program-'));
});

afterEach(() => rm(directory, { recursive: true }));

function shell(script: string, timeout = 20_000, signal = never, grace?: number): Promise<ProgramEnd> {
  const options = { env: { ...env, NOTE: join(directory, 'note') }, timeout, ...(grace && { grace }) };
  return runProgram('sh', ['-c', script], options, signal);
}

/** What a script wrote to $NOTE, once it is there. */
async function note(): Promise<string> {
  for (let tries = 0; tries < 500; tries += 1) {
    const text = await readFile(join(directory, 'note'), 'utf8').catch(() => '');
    if (text.endsWith('\n')) return text.trim();
    await sleep(10);
  }
  throw new Error('nothing was noted');
}

function isAlive(pid: string): boolean {
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch {
    return false;
  }
}

describe('a program that is run to its end', () => {
  it('gets its input and tells what it wrote and how it ended', async () => {
    const options = { env, timeout: 20_000, input: 'text' };
    expect(await runProgram('sh', ['-c', 'cat; echo no >&2; exit 3'], options, never)).toEqual({
      exitCode: 3,
      output: 'text',
      errors: 'no\n',
    });
  });

  it('may leave its input unread', async () => {
    const options = { env, timeout: 20_000, input: 'x'.repeat(1_000_000) };
    expect((await runProgram('true', [], options, never)).exitCode).toBe(0);
  });

  it('has nothing kept of it beyond a bound', async () => {
    const { output } = await shell('head -c 20000000 /dev/zero');
    expect(output.length).toBeLessThan(1_200_000);
  });

  it('that a signal ended has a negative status', async () => {
    expect((await shell('kill -KILL $$')).exitCode).toBe(-1);
  });

  it('must be there', async () => {
    const error = await runProgram('no-such-program', [], { env, timeout: 1 }, never).catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(ProgramError);
    expect((error as ProgramError).message).toBe('no-such-program: executable file not found in $PATH');
  });

  it('is asked to end when its time is up, and can tidy up first', async () => {
    const script = 'trap "echo tidy > $NOTE; exit" TERM; while :; do sleep 0.01; done';
    await expect(shell(script, 300)).rejects.toThrow('sh: did not end within 0.3 seconds');
    expect(await note()).toBe('tidy');
  });

  it('is gone when the caller is, with the reason of the signal, even if others hold its pipes', async () => {
    const caller = new AbortController();
    const running = shell('sleep 3 & echo $$ > $NOTE; wait', 20_000, caller.signal);
    const pid = await note();
    caller.abort(new Error('gone'));
    const begun = performance.now();
    await expect(running).rejects.toThrow('gone');
    expect(performance.now() - begun).toBeLessThan(2500);
    expect(isAlive(pid)).toBe(false);
  });

  it('is killed when it will not end', async () => {
    const caller = new AbortController();
    const script = 'trap "" TERM; echo $$ > $NOTE; while :; do sleep 0.01; done';
    const running = shell(script, 20_000, caller.signal, 50);
    const pid = await note();
    caller.abort(new Error('gone'));
    await expect(running).rejects.toThrow('gone');
    expect(isAlive(pid)).toBe(false);
  });

  it('is not started for a caller who is gone', async () => {
    await expect(shell('echo > $NOTE', 20_000, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    await expect(readFile(join(directory, 'note'))).rejects.toThrow('ENOENT');
  });
});
