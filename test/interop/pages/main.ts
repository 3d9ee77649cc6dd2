// npm run page -- FILE...: follows pages while they are written, and tells what does not go as they say.
import { readFile } from 'node:fs/promises';

import { follow } from './follow.js';
import { openHub } from './hub.js';
import { blocksOf } from './page.js';

const hub = await openHub();
try {
  for (const page of process.argv.slice(2)) {
    const started = performance.now();
    const surprises = await follow(page, blocksOf(await readFile(page, 'utf8')), hub.directory);
    for (const { command, failed, shown, output } of surprises) {
      const shows = shown === undefined ? '' : `the page shows:\n${shown}\n`;
      process.stdout.write(`$ ${command}${failed?.join('\n') ?? ''}\n${shows}it prints:\n${output}\n\n`);
    }
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stdout.write(
      `${page}: ${surprises.length === 0 ? 'goes as it says' : 'differs'}, ${seconds} s\n`,
    );
    if (surprises.length > 0) process.exitCode = 1;
  }
} finally {
  await hub.close();
}
