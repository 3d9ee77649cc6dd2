import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { startChild } from '../../src/sys/child.js';

describe('a program that is started', () => {
  it('has its three streams', async () => {
    const child = startChild('cat', []);
    child.stdin.end('text');
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe('text');
  });

  it('is an error that ends nothing else when there are no descriptors left', async () => {
    const module = join(process.cwd(), 'dist', 'src', 'sys', 'child.js');
    const script = `
      import { openSync } from 'node:fs';
      import { startChild } from ${JSON.stringify(module)};
      try { for (;;) openSync('/dev/null', 'r'); } catch {}
      try { startChild('cat', []); } catch (error) { console.log(error.code, error.message); }
      setTimeout(() => console.log('alive'), 50);
    `;
    const limited = `ulimit -n 64; exec "$0" --input-type=module -e "$1"`;
    const { stdout } = await promisify(execFile)('bash', ['-c', limited, process.execPath, script]);
    expect(stdout).toBe('CHILD_START cannot start cat: too many open files\nalive\n');
  });
});
