// `npm run soak [-- --minutes N] [--seed N]`: pulls killed at random moments, for as long as one likes.
import { parseArgs } from 'node:util';

import { buildCrashImage, crashPulls, timePull } from '../interop/support/crashes.js';
import { Scene } from '../interop/support/scene.js';
import { Random } from './random.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now()) },
  },
});

const random = new Random(Number(values.seed));
const until = Date.now() + Number(values.minutes) * 60_000;
let during = 0;
let after = 0;
const scene = await Scene.open();
try {
  console.log(`seed ${values.seed}`);
  for (let round = 0; Date.now() < until; round += 1) {
    const name = scene.serve(`soak-${round}`, await buildCrashImage(`soak ${values.seed} ${round}`));
    const time = await timePull(scene, name);
    // Another grid of moments in every round; every second one lies around the commit at the end.
    const from = round % 2 === 0 ? 0 : time * (0.5 + random.below(400) / 1000);
    const to = time * (1 + random.below(400) / 1000);
    const report = await crashPulls(scene, name, 20, { from, to });
    during += report.during;
    after += report.after;
    if (report.problems.length > 0) {
      console.error(report.problems.join('\n'));
      process.exitCode = 1;
    }
    await scene.daemon.pull(name);
    await scene.store.podmanOutput('rmi', name);
    console.log(`round ${round + 1}: ${during} kills during a pull, ${after} after it`);
  }
} finally {
  await scene.close();
}
