// imaged-idl: what its commands print, write and return.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runProgram } from '../../src/codegen/program.js';

const good = '# Doc.\ninterface org.example.good\nmethod M( a:int )->() # behind\n';
const formatted = '# Doc.\ninterface org.example.good\n\nmethod M(a: int) -> () # behind\n';
const bad = 'interface org.example.bad\ntype A (a: int, a: B)\n';

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('imaged-idl', () => {
  let directory: string;
  let goodFile: string;
  let badFile: string;

  async function run(args: readonly string[], input: readonly (string | Buffer)[] = []): Promise<Outcome> {
    const written = { stdout: '', stderr: '' };
    const sink = (name: keyof typeof written): { write: (text: string | Uint8Array) => boolean } => ({
      write: (text) => {
        written[name] += String(text);
        return true;
      },
    });
    async function* stdin(): AsyncGenerator<Buffer> {
      for (const chunk of input) yield Buffer.from(chunk);
    }
    const streams = { stdin: stdin(), stdout: sink('stdout'), stderr: sink('stderr') };
    const code = await runProgram(args, streams);
    return { code, ...written };
  }

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'imaged-idl-'));
    goodFile = join(directory, 'good.varlink');
    badFile = join(directory, 'bad.varlink');
    writeFileSync(goodFile, good);
    writeFileSync(badFile, bad);
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('checks files, and tells everything that is wrong with each', async () => {
    expect(await run(['check', goodFile])).toEqual({ code: 0, stdout: '', stderr: '' });
    const missing = join(directory, 'missing');
    expect(await run(['check', badFile, goodFile, missing, '-'], ['interface x', 'y\n'])).toEqual({
      code: 1,
      stdout: '',
      stderr:
        `${badFile}:2:17: the field a is there twice\n` +
        `${badFile}:2:20: there is no type B\n` +
        `${missing}: ENOENT: no such file or directory, open '${missing}'\n` +
        '-:1:11: "xy" is not an interface name\n',
    });
  });

  it.each<[string, (string | Buffer)[], string]>([
    ['not UTF-8', ['interface a.b\n# \ufffd é', Buffer.from([0xe9, 0x41])], '-:2:6: not UTF-8\n'],
    ['cut off within a character', [Buffer.from('# é').subarray(0, 3)], '-:1:3: not UTF-8\n'],
    [
      'longer than a message',
      [Buffer.alloc(9 << 20, 32), Buffer.alloc(9 << 20, 32)],
      '-: longer than 16777216 bytes\n',
    ],
  ])('refuses a text that is %s', async (_, input, stderr) => {
    expect(await run(['check', '-'], input)).toEqual({ code: 1, stdout: '', stderr });
  });

  it('takes characters that arrive in two pieces', async () => {
    const text = Buffer.from(`# é\n${good}`);
    expect(await run(['format', '-'], [text.subarray(0, 3), text.subarray(3)])).toMatchObject({
      code: 0,
      stdout: `# é\n${formatted}`,
    });
  });

  it('formats on standard output', async () => {
    expect(await run(['format', goodFile])).toEqual({ code: 0, stdout: formatted, stderr: '' });
    expect(readFileSync(goodFile, 'utf8')).toBe(good);
  });

  it('formats in place what needs it, and nothing that cannot be read', async () => {
    const broken = join(directory, 'broken.varlink');
    writeFileSync(broken, 'interface a.b\nmethod m() -> ()');
    expect(await run(['format', '--write', goodFile, broken])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/broken\.varlink:2:8: "m" is not a name/),
    });
    expect(readFileSync(goodFile, 'utf8')).toBe(formatted);
    expect(readFileSync(broken, 'utf8')).toBe('interface a.b\nmethod m() -> ()');
    const before = statSync(goodFile).mtimeMs;
    expect(await run(['format', '--write', goodFile])).toMatchObject({ code: 0 });
    expect(statSync(goodFile).mtimeMs).toBe(before);
  });

  it('generates the modules of all files, or of none', async () => {
    const out = join(directory, 'deep/out');
    expect(await run(['generate', goodFile, badFile, '--out', out])).toMatchObject({ code: 1 });
    expect(readdirSync(directory)).not.toContain('deep');
    expect(await run(['generate', '--out', out, goodFile])).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(readdirSync(out)).toEqual(['org-example-good.check.ts', 'org-example-good.ts']);
    expect(readFileSync(join(out, 'org-example-good.ts'), 'utf8')).toContain("from 'imaged/rpc'");
  });

  it('does not write the same module twice', async () => {
    const twin = join(directory, 'twin.varlink');
    writeFileSync(twin, 'interface org.example-good\nmethod M() -> ()');
    expect(await run(['generate', goodFile, twin, '--out', join(directory, 'out')])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        `${twin}: org-example-good.ts is generated from another file already\n`,
      ),
    });
  });

  it('writes a reference of one file', async () => {
    const { code, stdout } = await run(['docs', '-'], [good]);
    expect(code).toBe(0);
    expect(stdout).toContain('# org.example.good\n\nDoc.\n');
  });

  it('shows how it is used', async () => {
    expect(await run(['--help'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('usage: imaged-idl'),
    });
  });

  it.each([
    [[], 'a command is missing'],
    [['frobnicate'], 'there is no command frobnicate'],
    [['check'], 'a FILE is missing'],
    [['check', '--write', 'x'], "Unknown option '--write'"],
    [['check', '-', '-'], '- is there twice'],
    [['format', '--write', '-'], 'standard input cannot be written back'],
    [['generate', 'x'], '--out DIR is missing'],
    [['generate', 'x', '--out'], "Option '--out <value>' argument missing"],
    [['docs', 'x', 'y'], 'one FILE at a time'],
  ])('refuses the arguments %j', async (args, message) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).toContain('usage: imaged-idl');
  });

  it('tells what cannot be written', async () => {
    expect(await run(['generate', goodFile, '--out', join(goodFile, 'out')])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^imaged-idl: ENOTDIR: [^\n]*\n$/),
    });
  });

  it('tells of a directory that is no file', async () => {
    mkdirSync(join(directory, 'sub'));
    expect(await run(['check', join(directory, 'sub')])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('EISDIR'),
    });
  });
});
