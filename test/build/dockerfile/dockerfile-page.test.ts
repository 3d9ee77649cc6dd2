// The examples of docs/dockerfile.md are what they say.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { expandWord } from '../../../src/build/dockerfile/expand.js';
import { parseDockerfile } from '../../../src/build/dockerfile/parse-dockerfile.js';
import { IgnoreRules } from '../../../src/build/ignore/ignore-rules.js';
import { parseIgnore } from '../../../src/build/ignore/parse-ignore.js';
import { planStages } from '../../../src/build/plan/plan-stages.js';

const page = readFileSync(join(process.cwd(), 'docs', 'dockerfile.md'), 'utf8');

/** The cells of a table's rows, below the line with its heads. */
function rows(...heads: readonly string[]): readonly (readonly string[])[] {
  const [, body = ''] = page.split(`| ${heads.join(' | ')} |\n|${'---|'.repeat(heads.length)}\n`);
  const [table = ''] = body.split('\n\n');
  return table.split('\n').map((row) => row.slice(2, -2).split(' | '));
}

/** What stands in backquotes. */
function code(cell = ''): readonly string[] {
  return [...cell.matchAll(/`([^`]*)`/g)].map(([, text = '']) => text);
}

/** Files, and what stands in the block below them. */
function examples(language: string): readonly (readonly [string, string])[] {
  const blocks = [...page.matchAll(/^```(\w+)\n([^]*?)^```/gm)];
  return blocks.flatMap(([, kind, text = ''], index) => {
    const [, next, says = ''] = blocks[index + 1] ?? [];
    return kind === 'dockerfile' && next === language ? [[text, says] as const] : [];
  });
}

function told(tell: () => readonly string[]): string {
  try {
    return tell()
      .map((line) => `${line}\n`)
      .join('');
  } catch (error) {
    return `${(error as Error).message}\n`;
  }
}

function lines(file: string): readonly string[] {
  return parseDockerfile(file).stages.flatMap(({ from, steps }) =>
    [from, ...steps].map(({ line, original }) => `${line} ${original}`),
  );
}

function stages(file: string): readonly string[] {
  const platform = { os: 'linux', architecture: 'amd64' };
  const plan = planStages(parseDockerfile(file), {
    target: '',
    buildArgs: new Map(),
    platform,
    buildPlatform: platform,
    allStages: false,
  });
  return plan.stages.map(
    ({ stage, base }) => `${stage.from.line} ${base.kind === 'image' ? base.name : base.kind}`,
  );
}

describe('the page on Dockerfiles', () => {
  it('has files that are read as it says', () => {
    expect(examples('text')).toHaveLength(3);
    for (const [file, says] of examples('text')) expect(told(() => lines(file))).toBe(says);
  });

  it('has files that are planned as it says', () => {
    expect(examples('stages')).toHaveLength(2);
    for (const [file, says] of examples('stages')) expect(told(() => stages(file))).toBe(says);
  });

  it('has words that become what it says', () => {
    const variables = new Map(Object.entries({ NAME: 'world', EMPTY: '', FILE: 'src/app.tar.gz' }));
    const words = rows('written', 'becomes').map((cells) => cells.flatMap(code));
    expect(words.length).toBeGreaterThan(20);
    for (const [written = '', becomes = ''] of words) {
      const scope = { escape: '\\', get: (name: string) => variables.get(name) };
      expect([written, expandWord(written, scope)]).toEqual([written, becomes]);
    }
  });

  it('has patterns that ignore what it says', () => {
    const patterns = rows('lines', 'ignored', 'kept');
    expect(patterns).toHaveLength(7);
    for (const [written, ignored, kept] of patterns) {
      const rules = new IgnoreRules(parseIgnore(code(written).join('\n')));
      expect(code(ignored).map((path) => rules.ignores(path))).not.toContain(false);
      expect(code(kept).map((path) => rules.ignores(path))).not.toContain(true);
    }
  });
});
