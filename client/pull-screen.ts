// A pull on a terminal: the call's own log lines, and beside them what io.imaged tells about the bytes.
import type { PullImageReply } from '../src/generated/io-podman.js';
import type { Context } from './context.js';
import { LiveRegion } from './output/live-region.js';
import { printable } from './output/printable.js';
import { PullProgress } from './output/pull-progress.js';
import { watchPull } from './pull-watch.js';

/** Shows the replies of a PullImage call for `name` as they come; returns the image's id. */
export async function showOnTerminal(
  context: Context,
  name: string,
  steps: AsyncIterable<PullImageReply>,
): Promise<string> {
  const region = new LiveRegion(context.stderr);
  const progress = new PullProgress(context.now);
  let over = false;
  const draw = (above: readonly string[] = []): void => {
    if (over) return;
    const settled = progress.settle(region.height);
    region.draw(progress.lines(), [...above, ...settled]);
  };
  const watching = new AbortController();
  const watched = watchPull(
    context,
    name,
    AbortSignal.any([watching.signal, context.signal]),
    ({ blobs }) => {
      progress.blobs(blobs);
      draw();
    },
  );
  let id = '';
  try {
    for await (const { reply } of steps) {
      const lines = reply.logs.map((line) => printable(line.replace(/\n$/, '')));
      draw(lines.flatMap((line) => progress.log(line)));
      if (reply.id !== '') id = reply.id;
    }
    draw(progress.finish());
  } finally {
    // What failed half-way stays on the screen as it was.
    region.draw([], progress.lines());
    over = true;
    watching.abort();
    await watched;
  }
  return id;
}
