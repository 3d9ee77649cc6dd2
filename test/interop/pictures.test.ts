// The pictures of the documentation: drawn from what a terminal showed, small, and with nothing from elsewhere.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

import { drawPicture } from '../pictures/draw.js';
import { framesOf, record } from './support/recording.js';
import { run } from './support/process.js';

const directory = join(process.cwd(), 'docs', 'pictures');
const pictures = readdirSync(directory).filter((name) => name.endsWith('.svg'));

/** What a parser of XML, which is not ours, finds wrong. */
async function faultsOf(svg: string): Promise<string> {
  const script = 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.stdin)';
  return (await run('python3', ['-c', script], { input: svg })).stderr;
}

/** The texts in the order they are drawn, with when each is seen, in percent of the whole. */
function textsOf(svg: string): { text: string; rule: string }[] {
  return [...svg.matchAll(/<text class="(t\d+)[^>]*>(.*)<\/text>/g)].map(([, name = '', inner = '']) => ({
    text: inner.replace(/<[^>]+>/g, ''),
    rule: new RegExp(`@keyframes ${name} \\{ (.*?) \\} \\.`).exec(svg)?.[1] ?? '',
  }));
}

describe('a picture of a terminal', () => {
  it('shows each line for as long as it was there, and the end until it starts anew', async () => {
    const script = String.raw`printf '\033[31m1 < 2\033[m\n'; sleep 0.3; printf '\033[A\033[Kdone  now\n'`;
    const recording = await record('sh', ['-c', script], { columns: 20, rows: 2 });
    const svg = drawPicture({ columns: 20, rows: 2, frames: await framesOf(recording), title: 'a & b' });
    expect(await faultsOf(svg)).toBe('');
    const [first, last, ...others] = textsOf(svg);
    expect(others).toEqual([]);
    expect(first).toMatchObject({
      text: '1 &lt; 2',
      rule: expect.stringMatching(/^0% .* [\d.]+% \{ opacity: 0 \}$/),
    });
    expect(last).toMatchObject({
      text: 'done  now',
      rule: expect.stringMatching(/^0% \{ opacity: 0 \} [\d.]+% \{ opacity: 1 \}$/),
    });
    expect(svg).toContain('class="c1"');
  });

  it.each(pictures)('%s is small, whole, and needs nothing else', async (name) => {
    const svg = readFileSync(join(directory, name), 'utf8');
    expect(svg.length).toBeLessThan(100_000);
    expect(await faultsOf(svg)).toBe('');
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(
      /https?:|url\(|<script|<image|@import|href/,
    );
    expect(textsOf(svg).filter(({ text }) => text.startsWith('$ imagectl')).length).toBeGreaterThan(1);
  });

  it('is on the first page', () => {
    const readme = readFileSync(join(process.cwd(), 'README.md'), 'utf8');
    for (const name of pictures) expect(readme).toContain(`docs/pictures/${name}`);
  });
});
