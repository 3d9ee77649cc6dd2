// Draws what a terminal showed over time as an SVG that moves by itself: no script, no font, nothing from elsewhere.
import type { Frame } from '../interop/support/recording.js';
import type { Span } from '../interop/support/terminal-screen.js';

export interface Picture {
  readonly columns: number;
  readonly rows: number;
  readonly frames: readonly Frame[];
  /** What those hear who do not see it. */
  readonly title: string;
}

/** A line that stays the same for a while, in milliseconds. */
interface Stay {
  readonly row: number;
  readonly spans: readonly Span[];
  readonly from: number;
  readonly to: number;
}

const cell = { width: 8.4, height: 18 };
const margin = 14;
/** How long the end is to be seen before it starts anew. */
const rest = 4000;

// Readable on what they are drawn on: the palette of terminals has a yellow for dark ones only.
const light = ['#57606a', '#cf222e', '#116329', '#7d4e00', '#0969da', '#8250df', '#1b7c83', '#6e7781'];
const dark = ['#8b949e', '#ff7b72', '#56d364', '#e3b341', '#79c0ff', '#d2a8ff', '#56d4dd', '#b1bac4'];

export function drawPicture({ columns, rows, frames, title }: Picture): string {
  const end = (frames.at(-1)?.at ?? 0) + rest;
  const stays = staysOf(frames, end);
  const width = Math.ceil(columns * cell.width + 2 * margin);
  const height = rows * cell.height + 2 * margin;
  const times = [...new Set(stays.map(({ from, to }) => `${from} ${to}`))];
  const name = ({ from, to }: Stay): string => `t${times.indexOf(`${from} ${to}`)}`;
  const lines = stays.map(
    (stay) => `<text class="${name(stay)}" y="${topOf(stay.row)}">${textOf(stay.spans)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" xml:space="preserve">
<title>${escape(title)}</title>
<style>
${styles()}
${times.map((time, index) => shownBetween(`t${index}`, time.split(' ').map(Number), end)).join('\n')}
@media (prefers-reduced-motion: reduce) { text { animation: none !important; opacity: 0 } text.last { opacity: 1 } }
</style>
<rect width="${width}" height="${height}" rx="8"/>
${lines.join('\n')}
</svg>
`.replace(/class="(t\d+)"/g, (all, label: string) =>
    times[Number(label.slice(1))]?.endsWith(` ${end}`) === true ? `class="${label} last"` : all,
  );
}

/** Each line once for as long as it stood still. */
function staysOf(frames: readonly Frame[], end: number): Stay[] {
  const stays: Stay[] = [];
  const rows = Math.max(0, ...frames.map(({ lines }) => lines.length));
  for (let row = 0; row < rows; row += 1) {
    let before: { key: string; from: number; spans: readonly Span[] } | undefined;
    for (const [index, frame] of [...frames, undefined].entries()) {
      const spans = frame?.lines[row] ?? [];
      const key = frame === undefined ? '' : JSON.stringify(spans);
      if (key === before?.key) continue;
      // The first frame is there from the beginning, so that nothing blinks when it starts anew.
      const at = frame === undefined ? end : index === 0 ? 0 : Math.round(frame.at);
      if (before !== undefined && before.spans.length > 0)
        stays.push({ row, spans: before.spans, from: before.from, to: at });
      before = { key, from: at, spans };
    }
  }
  return stays;
}

function topOf(row: number): number {
  return margin + row * cell.height + 13;
}

/** Every span has its place and width, whatever font is there. */
function textOf(spans: readonly Span[]): string {
  let column = 0;
  return spans
    .map((span) => {
      const x = (margin + column * cell.width).toFixed(1);
      // What imagectl prints is one cell wide, each character.
      column += span.text.length;
      const length = (span.text.length * cell.width).toFixed(1);
      const classes = [
        ...(span.bold === true ? ['b'] : []),
        ...(span.dim === true ? ['d'] : []),
        ...(span.underline === true ? ['u'] : []),
        ...(typeof span.color === 'number' ? [`c${span.color % 8}`] : []),
      ];
      const style = classes.length === 0 ? '' : ` class="${classes.join(' ')}"`;
      return `<tspan x="${x}" textLength="${length}"${style}>${escape(span.text)}</tspan>`;
    })
    .join('');
}

function styles(): string {
  const colors = (palette: readonly string[]): string =>
    palette.map((color, index) => `.c${index} { fill: ${color} }`).join(' ');
  return `rect { fill: #f6f8fa; stroke: #d0d7de }
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre; fill: #1f2328 }
.b { font-weight: 600 } .d { opacity: .65 } .u { text-decoration: underline }
${colors(light)}
@media (prefers-color-scheme: dark) { rect { fill: #161b22; stroke: #30363d } text { fill: #e6edf3 } ${colors(dark)} }`;
}

/** A rule by which something is seen between two times of the whole. */
function shownBetween(name: string, [from = 0, to = 0]: readonly number[], end: number): string {
  const percent = (time: number): string => `${+((time / end) * 100).toFixed(2)}%`;
  const before = from === 0 ? '' : `0% { opacity: 0 } `;
  const after = to === end ? '' : ` ${percent(to)} { opacity: 0 }`;
  return `@keyframes ${name} { ${before}${percent(from)} { opacity: 1 }${after} } .${name} { animation: ${name} ${end}ms step-end infinite }`;
}

function escape(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
