// Lines drawn in place, seen on a screen.
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { LiveRegion } from '../../../client/progress/live-region.js';
import { Screen } from '../support/screen.js';

describe('LiveRegion', () => {
  it('replaces its lines and leaves what is above', () => {
    const screen = new Screen();
    screen.write('$ imagectl\n');
    const region = new LiveRegion(screen);
    region.draw(['a 1', 'b 1', 'c 1']);
    region.draw(['a 1', 'b 22', 'c 1']);
    region.draw(['b 3'], ['a done']);
    expect(screen.text()).toBe('$ imagectl\na done\nb 3');
    region.draw([], ['b done']);
    screen.write('next\n');
    expect(screen.text()).toBe('$ imagectl\na done\nb done\nnext');
  });

  it('writes once for each change, only the lines that changed, and nothing if none did', () => {
    const screen = new Screen();
    const region = new LiveRegion(screen);
    region.draw(['a', 'b', 'c']);
    region.draw(['a', 'B', 'c']);
    region.draw(['a', 'B', 'c']);
    expect(screen.writes).toEqual(['\ra\x1b[K\nb\x1b[K\nc\x1b[K\n', '\r\x1b[2AB\x1b[K\n\n']);
  });

  it('cuts lines that a terminal would wrap, but not those that stay', () => {
    const screen = new Screen(10);
    const region = new LiveRegion(screen);
    region.draw(['0123456789abc', 'x']);
    region.draw(['0123456789abc', 'y'], ['a long line that stays']);
    region.draw(['0123456789abc', 'z']);
    expect(screen.text()).toBe('a long lin\ne that sta\nys\n012345678\nz');
  });

  it('shows the last lines of those that a screen has no room for', () => {
    const screen = new Screen(80, 4);
    const region = new LiveRegion(screen);
    for (const mark of ['', '!', '?']) region.draw(['1', '2', '3', '4', '5'].map((line) => line + mark));
    expect(screen.text()).toBe('3?\n4?\n5?');
  });

  it('finds its lines in a window that has wrapped them', () => {
    const terminal = { columns: 80, rows: 24, text: '', write: (text: string) => (terminal.text += text) };
    const region = new LiveRegion(terminal);
    region.draw(['a'.repeat(79), 'b'.repeat(20), 'c'.repeat(21)]);
    terminal.text = '';
    terminal.columns = 20;
    region.draw(['a', 'b']);
    expect(terminal.text).toBe('\r\x1b[7A\x1b[J\ra\x1b[K\nb\x1b[K\n\x1b[J');
  });

  it('is not misled by keys that were pressed meanwhile', () => {
    const screen = new Screen();
    const region = new LiveRegion(screen);
    region.draw(['a 1', 'b 1']);
    screen.write('^C');
    region.draw(['a 1', 'b 2']);
    screen.write('^C');
    region.draw([], ['a 3', 'b 3']);
    expect(screen.text()).toBe('a 3\nb 3');
  });

  it('has one line in the only row of a terminal', () => {
    const screen = new Screen(20, 1);
    const region = new LiveRegion(screen);
    for (const mark of ['', '!', '?']) region.draw(['a', `b${mark}`]);
    expect(screen.text()).toBe('b?');
    region.draw(['b'], ['c']);
    region.draw([], ['d']);
    expect(screen.text()).toBe('c\nd');
    region.draw(['e']);
    region.leave();
    screen.write('f');
    expect(screen.text()).toBe('c\nd\ne\nf');
  });

  it('leaves its lines for what others write, and begins again below', () => {
    const screen = new Screen();
    const region = new LiveRegion(screen);
    region.draw(['a 1', 'b 1']);
    region.leave();
    screen.write('stopped\n');
    region.draw(['a 2', 'b 2']);
    region.forget();
    region.draw(['a 3', 'b 3'], ['done']);
    expect(screen.text()).toBe('a 1\nb 1\nstopped\na 2\nb 2\ndone\na 3\nb 3');
  });

  it('counts the columns of wide characters', () => {
    const screen = new Screen(10);
    new LiveRegion(screen).draw(['日本語日本語', 'x']);
    expect(screen.text()).toBe('日本語日\nx');
  });

  it('shows after any sequence of changes what was drawn last, below all that was to stay', () => {
    const line = fc.string({ maxLength: 30 }).map((text) => text.replace(/[^a-z]/g, 'x'));
    const frame = fc.record({
      lines: fc.array(line, { maxLength: 8 }),
      above: fc.array(line, { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), fc.integer({ min: 1, max: 10 }), (frames, rows) => {
        const screen = new Screen(20, rows);
        const region = new LiveRegion(screen);
        const stays: string[] = [];
        for (const { lines, above } of frames) {
          region.draw(lines, above);
          stays.push(...above);
          const live = lines.slice(-Math.max(rows - 1, 1)).map((text) => text.slice(0, 19));
          expect(screen.text()).toBe([...stays.flatMap(wrapped), ...live].join('\n').trimEnd());
        }
      }),
    );
  });
});

function wrapped(line: string): string[] {
  return line.length <= 20 ? [line] : [line.slice(0, 20), ...wrapped(line.slice(20))];
}
