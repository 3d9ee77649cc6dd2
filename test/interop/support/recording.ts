// A program's run on a terminal, kept so that it can be seen again: for pictures in the documentation, and for tests.
import { onTerminal, type Piece, type TerminalOptions } from './terminal.js';
import { TerminalScreen, type View } from './terminal-screen.js';

export interface Recording {
  readonly columns: number;
  readonly rows: number;
  readonly pieces: readonly Piece[];
  /** Milliseconds from the start to the end. */
  readonly duration: number;
  readonly code: number | null;
}

/** What was to be seen from this moment on, in milliseconds since the start. */
export interface Frame extends View {
  readonly at: number;
}

/** Runs a program on a terminal to its end. */
export async function record(
  program: string,
  args: readonly string[],
  options: TerminalOptions = {},
): Promise<Recording> {
  const start = performance.now();
  const terminal = onTerminal(program, args, options);
  const code = await terminal.ended();
  const { columns = 100, rows = 30 } = options;
  return { columns, rows, pieces: terminal.pieces, duration: performance.now() - start, code };
}

/** What was to be seen, one frame for each change of it; changes within `pause` milliseconds are one. */
export async function framesOf(recording: Recording, pause = 20): Promise<Frame[]> {
  const screen = new TerminalScreen(recording.columns, recording.rows);
  const frames: Frame[] = [];
  for (const [index, { at, text }] of recording.pieces.entries()) {
    screen.write(text);
    const next = recording.pieces[index + 1];
    if (next !== undefined && next.at - at < pause) continue;
    await screen.settled();
    const view = screen.view();
    const before = frames.at(-1);
    if (JSON.stringify(view) !== JSON.stringify({ lines: before?.lines, cursor: before?.cursor })) {
      frames.push({ at, ...view });
    }
  }
  return frames;
}
