// A terminal of this process, and what happens to it: its window changes, the user suspends the command, the command ends.
import type { WriteStream } from 'node:tty';
import type { Output } from './context.js';
import type { Drawing } from './progress/live-progress.js';

/** What is drawn there is told what happens while it is attached. */
export function liveTerminal(stream: WriteStream): Output {
  return {
    isTTY: stream.isTTY,
    get columns() {
      return stream.columns;
    },
    get rows() {
      return stream.rows;
    },
    write: (text) => stream.write(text),
    attach: (drawing) => attach(stream, drawing),
  };
}

function attach(stream: WriteStream, drawing: Drawing): () => void {
  const resized = (): void => drawing.redraw();
  const left = (): void => drawing.leave();
  const resumed = (): void => drawing.resume();
  const suspended = (): void => {
    drawing.leave();
    // The signal was caught, so somebody has to do what it is for.
    process.kill(process.pid, 'SIGSTOP');
  };
  stream.on('resize', resized);
  process.on('SIGTSTP', suspended);
  process.on('SIGCONT', resumed);
  process.on('exit', left);
  return () => {
    stream.off('resize', resized);
    process.off('SIGTSTP', suspended);
    process.off('SIGCONT', resumed);
    process.off('exit', left);
  };
}
