import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { runInGroup } from '../../src/sys/run-in-group.js';

const env = { PATH: process.env['PATH'] };

async function run(script: string): Promise<{ failure: string | undefined; lines: string[] }> {
  const lines: string[] = [];
  const line = (text: string): void => void lines.push(text);
  const failure = await runInGroup('sh', ['-c', script], { env, line }, new AbortController().signal);
  return { failure, lines };
}

describe('a program in a group of its own', () => {
  it('tells what it prints, line by line, and a longer line in pieces', async () => {
    expect(await run('echo a; echo b >&2; printf c')).toEqual({
      failure: undefined,
      lines: expect.arrayContaining(['a', 'b', 'c']),
    });
    const { lines } = await run("head -c 1000000 /dev/zero | tr '\\\\0' x");
    expect(lines.join('')).toHaveLength(1_000_000);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(100_000);
  });

  it.each([
    ['exit 3', 'exit status 3'],
    ['kill -9 $$', 'signal: SIGKILL'],
  ])('tells how it failed: %s', async (script, failure) => {
    expect(await run(script)).toEqual({ failure, lines: [] });
  });

  it.each([
    ['no-such-program', 'exec: "no-such-program": executable file not found in $PATH'],
    ['/no/such/program', 'fork/exec /no/such/program: no such file or directory'],
    ['/etc/passwd', 'fork/exec /etc/passwd: permission denied'],
  ])('tells why it could not be started: %s', async (program, failure) => {
    const options = { env, line: () => undefined };
    expect(await runInGroup(program, [], options, new AbortController().signal)).toBe(failure);
  });

  it('ends with all that it has started, also without its own will', async () => {
    const abort = new AbortController();
    const pids: number[] = [];
    const line = (text: string): void => {
      pids.push(Number(text));
      if (pids.length === 2) abort.abort(new Error('enough'));
    };
    const script = 'sh -c "trap : TERM; echo \\$\\$; while :; do sleep 0.05; done" & echo $$; wait; exit 0';
    await expect(runInGroup('sh', ['-c', script], { env, line }, abort.signal)).rejects.toThrow('enough');
    // A killed one is gone when it has been waited for, by whoever does that for orphans.
    for (const pid of pids) while (runs(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('is not started when it was given up before', async () => {
    const options = { env, line: () => undefined };
    await expect(runInGroup('sh', ['-c', 'exit'], options, AbortSignal.abort())).rejects.toThrow('abort');
  });
});

function runs(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
