// The bench: `npm run bench -- pull|push|save|load|build|list|api|locks|start|cli|rpc [--rounds N] [--fixture NAME…] [--newer RELEASE…] [--cache DIRECTORY]`.
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { benchApi } from './api.js';
import { apiSection } from './api-report.js';
import { benchBuilds } from './build.js';
import { benchCli } from './cli.js';
import { cliSection } from './cli-report.js';
import { benchCopies } from './copies.js';
import { fixtureNames } from './fixtures.js';
import { benchList } from './list.js';
import { benchPull } from './pull.js';
import { benchLocks } from './locks.js';
import {
  buildSection,
  copySection,
  listSection,
  locksSection,
  publish,
  pullSection,
  startSection,
} from './report.js';
import { rpcSection } from './rpc-report.js';
import { benchRpc } from './rpc.js';
import { benchStart } from './start.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    fixture: { type: 'string', multiple: true, default: [...fixtureNames] },
    newer: { type: 'string', multiple: true, default: [] },
    cache: { type: 'string', default: join(tmpdir(), 'imaged-bench') },
  },
});

const rounds = Number(values.rounds);
const [what = 'pull'] = positionals;
await mkdir(values.cache, { recursive: true });

switch (what) {
  case 'pull': {
    const { cache, fixture, newer } = values;
    const reports = await benchPull({ cache, rounds, fixtures: fixture, newer });
    const took = reports.flatMap(({ results }) => results.map((result) => result.contender));
    const whole = rounds >= 5 && fixture.length === fixtureNames.length && took.includes('imaged');
    await publish('Pulling', pullSection(reports, rounds), whole);
    break;
  }
  case 'push':
  case 'save':
  case 'load': {
    const { cache, fixture } = values;
    const reports = await benchCopies(what, { cache, rounds, fixtures: fixture });
    const title = { push: 'Pushing', save: 'Saving', load: 'Loading' }[what];
    await publish(
      title,
      copySection(what, reports, rounds),
      rounds >= 3 && fixture.length === fixtureNames.length,
    );
    break;
  }
  case 'build': {
    await publish('Building', buildSection(await benchBuilds(values.cache, rounds), rounds), rounds >= 5);
    break;
  }
  case 'list': {
    await publish('Listing', listSection(await benchList([10, 1000, 10_000], values.cache)), true);
    break;
  }
  case 'api': {
    const calls = rounds * 40;
    const reports = await benchApi([1, 100, 1000], calls, values.cache);
    await publish('Reading', apiSection(reports, calls), rounds >= 5);
    break;
  }
  case 'locks': {
    const report = await benchLocks(Math.max(rounds, 30), 1000, values.cache);
    await publish('Locking', locksSection(report), true);
    break;
  }
  case 'start': {
    await publish('Starting', startSection(await benchStart(Math.max(rounds, 15), values.cache)), true);
    break;
  }
  case 'cli': {
    const report = await benchCli([10, 1000], Math.max(rounds, 15), values.cache);
    await publish('The command line', cliSection(report), true);
    break;
  }
  case 'rpc': {
    await publish('Calling', rpcSection(await benchRpc(rounds, values.cache)), rounds >= 5);
    break;
  }
  default: {
    console.error(`no bench ${what}: pull, push, save, load, build, list, api, locks, start, cli or rpc`);
    process.exitCode = 2;
  }
}
