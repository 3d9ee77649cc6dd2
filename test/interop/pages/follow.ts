// Follows a page from its top to its end on a machine of its own, and tells what did not go as the page says.
import { setTimeout as sleep } from 'node:timers/promises';

import { type Block, type Command, commandsOf, isAsShown, isRun, lasting } from './page.js';
import { World } from './world.js';

export interface Surprise {
  readonly command: string;
  readonly failed?: readonly string[];
  readonly shown?: string;
  readonly output: string;
}

/** How a command looks that starts imaged. */
const starts: Readonly<Record<string, RegExp>> = { sh: /^imaged /m, console: /^\$ imaged .*&$/m };

/** `page` is its path in the checkout, `hub` is where the registries have their files. Empty if everything went as the page says. */
export async function follow(page: string, blocks: readonly Block[], hub: string): Promise<Surprise[]> {
  const named = blocks.map(({ text }) => text).join('\n');
  // Without a port a name means 443; the others, and sshd, are started for pages that speak of them.
  const others = [5000, 4001, 30020].filter((port) => named.includes(`:${port}`));
  const ports = [443, ...others, ...(/\bssh:|\bscp\b/.test(named) ? [22] : [])];
  const world = await World.open(hub, ports);
  try {
    await prepare(world, blocks, ports);
    // The others are for those who have the checkout before them.
    if (!/^(?:docs|client)\//.test(page)) await world.run(`cd ${process.cwd()}`);
    const surprises: Surprise[] = [];
    for (const block of blocks) {
      if (block.title !== undefined) await world.write(block.title, block.text);
      if (!isRun(block)) continue;
      for (const command of commandsOf(block)) {
        const surprise = await take(world, command).catch(endless(command));
        if (surprise !== undefined) surprises.push(surprise);
      }
    }
    return surprises;
  } finally {
    await world.close();
  }
}

/** A command that does not end is a surprise, too, and all that come after it are. */
const endless =
  ({ line }: Command) =>
  (error: unknown): Surprise => ({ command: line, output: (error as Error).message });

/** What every page but those that show it takes for granted: registries, and an imaged that runs. */
async function prepare(world: World, blocks: readonly Block[], ports: readonly number[]): Promise<void> {
  const up = ports.map((port) => `until (: < /dev/tcp/127.0.0.1/${port}) 2> /dev/null; do sleep 0.02; done`);
  const own = blocks.some((block) => isRun(block) && starts[block.language]?.test(block.text));
  const start = own
    ? ''
    : `imaged --jsonrpc unix:/run/imaged/jsonrpc > /run/page/imaged.log 2>&1 &\nuntil grep -q ready /run/page/imaged.log || ! kill -0 $!; do sleep 0.02; done`;
  await world.run([start, ...up].join('\n'));
}

async function take(world: World, { line, output: shown }: Command): Promise<Surprise | undefined> {
  const { output, failed } = await world.run(line);
  // A transcript may show how something fails; elsewhere everything succeeds.
  if (failed.length > 0 && (shown ?? '') === '') return { command: line, failed, output };
  if (/ &\n?$/.test(line)) return started(world, { line, output: shown });
  if (shown === undefined || isAsShown(shown, output)) return undefined;
  return { command: line, shown: lasting(shown), output: lasting(output) };
}

/** A service tells when it is ready, or says nothing; a reader takes a while to type the next command, too. */
async function started(world: World, { line, output: shown }: Command): Promise<Surprise | undefined> {
  const patience = shown === undefined && !/^imaged /m.test(line) ? 1000 : 10_000;
  const ready = (text: string): boolean => (shown === undefined ? text !== '' : isAsShown(shown, text));
  const since = performance.now();
  while (!ready(await world.output()) && performance.now() - since < patience) await sleep(20);
  const text = await world.output();
  return shown === undefined || ready(text) ? undefined : { command: line, shown, output: text };
}
