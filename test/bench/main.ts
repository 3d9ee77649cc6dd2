// The bench: `npm run bench -- pull|list|start [options]`.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { fixtureNames } from './fixtures.js';
import { benchPull, medianSeconds } from './pull.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    fixture: { type: 'string', multiple: true, default: [...fixtureNames] },
    newer: { type: 'string', multiple: true, default: [] },
    cache: { type: 'string', default: join(tmpdir(), 'imaged-bench') },
  },
});

if (positionals[0] === 'pull') {
  const reports = await benchPull({
    cache: values.cache,
    rounds: Number(values.rounds),
    fixtures: values.fixture,
    newer: values.newer,
  });
  for (const { fixture, results } of reports) {
    const bytes = fixture.layers.reduce((sum, layer) => sum + layer.diffSize, 0);
    const zipped = fixture.layers.reduce((sum, layer) => sum + layer.size, 0);
    const entries = fixture.layers.reduce((sum, layer) => sum + layer.entries, 0);
    console.log(
      `${fixture.title}: ${(bytes / 1e6).toFixed(1)} MB, ${(zipped / 1e6).toFixed(1)} MB zipped, ${entries} entries`,
    );
    for (const result of results) {
      console.log(`  ${result.contender}: ${medianSeconds(result).toFixed(3)} s`);
    }
  }
}
