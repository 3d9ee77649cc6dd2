// The results in words: tables on the terminal and in docs/performance.md, each bench in its own section.
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';

import { medianTime, type BuildBench } from './build.js';
import { medianOf, type CopyKind, type CopyReport } from './copies.js';
import type { ListReport } from './list.js';
import type { LocksReport } from './locks.js';
import { medianSeconds, type PullReport, type PullResult } from './pull.js';
import type { StartReport } from './start.js';

const page = 'docs/performance.md';

const preface = `# Performance

Written by \`npm run bench -- pull|push|save|load|build|list|locks|start|cli|rpc\`; each run replaces its own section. Ratios are imaged's median over that of
the fastest peer, or of what is named; below 1 is faster.
`;

/** Prints a section and, if the run was a whole one, puts it into the page in place of the one with the same title. */
export async function publish(title: string, section: string, whole: boolean): Promise<void> {
  const text = `## ${title}\n\n${section}\n\nMeasured ${today()} on ${machine()}.\n`;
  console.log(`\n${text}`);
  if (!whole) {
    console.log(`A partial run: ${page} stays as it is.`);
    return;
  }
  const old = existsSync(page) ? await readFile(page, 'utf8') : preface;
  const [head = '', ...sections] = old.split(/^(?=## )/m);
  const place = sections.findIndex((one) => one.startsWith(`## ${title}\n`));
  sections.splice(place === -1 ? sections.length : place, place === -1 ? 0 : 1, text);
  await writeFile(page, [head.trimEnd(), ...sections.map((one) => one.trimEnd())].join('\n\n') + '\n');
}

export function pullSection(reports: readonly PullReport[], rounds: number): string {
  const contenders = reports[0]?.results.map((result) => result.contender) ?? [];
  const times = reports.map(({ fixture, results }) => [
    fixture.title,
    ...results.map((result) => `${medianSeconds(result).toFixed(2)} s`),
    ['imaged', 'imaged, just started'].map((name) => ratioToFastestPeer(results, name)).join(' / '),
    megabytes(Math.max(...results.flatMap((result) => result.samples.map((one) => one.peakRss ?? 0)))),
  ]);
  const locks = reports.map(({ fixture, results }) => [
    fixture.title,
    ...results.map((result) => {
      const holds = Object.values(result.watched.locks ?? {}).flat();
      return `${Math.max(0, ...holds).toFixed(1)} ms`;
    }),
  ]);
  const images = reports.map(({ fixture: { name, title, layers } }) => {
    const sum = (key: 'diffSize' | 'size' | 'entries'): number =>
      layers.reduce((total, layer) => total + layer[key], 0);
    return [name, title, megabytes(sum('diffSize')), megabytes(sum('size')), String(sum('entries'))];
  });
  return [
    `Medians of ${rounds} alternating pulls from a docker-registry on the loopback, each into a fresh store on the same`,
    'file system. imaged runs already, has pulled another image, and is asked over varlink; the peers are started for each pull.',
    'One that was just started compiles its code meanwhile: its ratio is the second.',
    '',
    table(['image', ...contenders, 'ratio', 'peak RSS of imaged'], times),
    '',
    'Longest time an exclusive lock of the store was held during one pull (looked at every 0.25 ms):',
    '',
    table(['image', ...contenders], locks),
    '',
    'The images:',
    '',
    table(['name', 'what', 'unpacked', 'gzip', 'entries'], images),
  ].join('\n');
}

const copyTexts: Readonly<Record<CopyKind, string>> = {
  push: 'pushes from one store to an empty docker-registry on the loopback',
  save: 'saves from one store to a file on the same file system',
  load: 'loads of an archive, each into a fresh store on the same file system',
};

export function copySection(kind: CopyKind, reports: readonly CopyReport[], rounds: number): string {
  const names = reports[0]?.results.map(({ contender }) => contender) ?? [];
  const rows = reports.map(({ title, results: [own, ...peers] }) => {
    if (own === undefined) return [title];
    const ratio = medianOf(own) / Math.min(...peers.map(medianOf));
    return [
      title,
      ...[own, ...peers].map((result) => `${medianOf(result).toFixed(2)} s`),
      ratio.toFixed(2),
      megabytes(own.peakRss),
      ...[own, ...peers].map(({ extraDisk }) => megabytes(extraDisk)),
    ];
  });
  const disk = names.map((name) => `extra disk, ${name}`);
  return [
    `Medians of ${rounds} alternating ${copyTexts[kind]}. imaged runs already and is asked over varlink, the peers are`,
    'started for each. Extra disk is what was taken at the worst time beyond what is there at the end.',
    '',
    table(['image', ...names, 'ratio', 'peak RSS of imaged', ...disk], rows),
  ].join('\n');
}

export function buildSection({ reports, overhead }: BuildBench, rounds: number): string {
  const names = reports[0]?.results.map(({ contender }) => contender) ?? [];
  const rows = reports.map(({ title, results }) => {
    const [socket = Number.NaN, command = Number.NaN, ...peers] = results.map(medianTime);
    return [
      title,
      ...results.map((result) =>
        medianTime(result) < 1 ? milliseconds(medianTime(result)) : `${medianTime(result).toFixed(2)} s`,
      ),
      (command / Math.min(...peers)).toFixed(2),
      (socket / Math.min(...peers)).toFixed(2),
    ];
  });
  return [
    `Medians of ${rounds} alternating builds (the large context: 3 at most), each contender in a store of its own on the same file`,
    'system, each after a first build. imagectl is started for each build, as buildah and podman are; the warm socket is a',
    'connection that was used before.',
    '',
    table(['build', ...names, 'ratio of imagectl', 'ratio of the warm socket'], rows),
    '',
    `One more \`RUN true\` takes ${milliseconds(overhead.step)}; \`runc run\` of the same bundle takes`,
    `${milliseconds(overhead.runtime)}.`,
  ].join('\n');
}

export function listSection(reports: readonly ListReport[]): string {
  return [
    'ListImages over a warm connection until the whole reply has arrived: a single call, and each of 20 that are sent at',
    'once. The ratio is that of a single call to JSON.stringify of the same reply in the client; a call that has nothing to',
    'say (GetVersion) shows what the way there and back takes. `podman images --quiet` is a process on the same store.',
    '',
    table(
      [
        'images',
        'reply',
        'ListImages',
        'of 20',
        'JSON.stringify',
        'ratio',
        'GetVersion',
        'first call',
        'podman images',
      ],
      reports.map((one) => [
        String(one.images),
        `${(one.bytes / 1000).toFixed(0)} kB`,
        milliseconds(one.call),
        milliseconds(one.callOfMany),
        milliseconds(one.stringify),
        (one.call / one.stringify).toFixed(1),
        milliseconds(one.roundTrip),
        milliseconds(one.first),
        one.podman === undefined ? 'more than 20 s' : milliseconds(one.podman),
      ]),
    ),
  ].join('\n');
}

export function locksSection(report: LocksReport): string {
  return [
    'How long exclusive locks of the store are held (looked at every 0.25 ms) while imaged pulls an image of 40 layers and one of',
    'two, tags, untags and removes them, in a store of other images.',
    '',
    table(
      ['rounds', 'other images', 'times a lock was held', 'median', 'p99', 'longest'],
      [
        [
          String(report.rounds),
          String(report.images),
          String(report.holds),
          ...[report.median, report.p99, report.longest].map(milliseconds),
        ],
      ],
    ),
  ].join('\n');
}

export function startSection(report: StartReport): string {
  return [
    'From connecting to a socket of systemd-socket-activate until the reply of GetVersion, against `node -e 0`.',
    '',
    table(
      ['rounds', 'first reply', 'node -e 0', 'ratio'],
      [
        [
          String(report.rounds),
          milliseconds(report.reply),
          milliseconds(report.node),
          (report.reply / report.node).toFixed(2),
        ],
      ],
    ),
  ].join('\n');
}

function ratioToFastestPeer(results: readonly PullResult[], name: string): string {
  const own = results.find((result) => result.contender === name);
  const peers = results.filter(({ contender }) => !contender.startsWith('imaged')).map(medianSeconds);
  return own === undefined ? '' : (medianSeconds(own) / Math.min(...peers)).toFixed(2);
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, index) => (index === 0 ? '---' : '---:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

export function milliseconds(seconds: number): string {
  return `${(seconds * 1000).toFixed(seconds < 0.001 ? 3 : seconds < 0.01 ? 2 : 1)} ms`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

function machine(): string {
  const processors = cpus();
  const model = processors[0]?.model.replaceAll(/\s+/g, ' ').trim() ?? 'unknown processor';
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${processors.length} × ${model}, ${memory} GiB, Linux ${release()}, Node ${process.versions.node}`;
}
