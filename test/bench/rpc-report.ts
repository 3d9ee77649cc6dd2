// What `npm run bench -- rpc` found, in words.
import { milliseconds, table } from './report.js';
import { type RpcReport, rpcNames } from './rpc.js';
import type { Sample } from './rpc-scenarios.js';
import { median } from './statistics.js';

interface Row {
  readonly title: string;
  readonly scenario: string;
  readonly figure: keyof Sample;
}

const rows: readonly Row[] = [
  { title: 'one connection, calls/s', scenario: 'sequential', figure: 'rate' },
  { title: 'one connection, p50 of a call, µs', scenario: 'sequential', figure: 'p50' },
  { title: 'one connection, p99 of a call, µs', scenario: 'sequential', figure: 'p99' },
  { title: 'one connection, processor time of a call, µs', scenario: 'sequential', figure: 'processor' },
  { title: '16 in flight on one connection, calls/s', scenario: 'pipelined', figure: 'rate' },
  { title: '16 in flight, p50 of a call, µs', scenario: 'pipelined', figure: 'p50' },
  { title: '16 in flight, p99 of a call, µs', scenario: 'pipelined', figure: 'p99' },
  { title: '16 in flight, processor time of a call, µs', scenario: 'pipelined', figure: 'processor' },
  { title: '64 connections, calls/s', scenario: 'connections', figure: 'rate' },
  { title: '64 connections, p50 of a call, µs', scenario: 'connections', figure: 'p50' },
  { title: '64 connections, p99 of a call, µs', scenario: 'connections', figure: 'p99' },
  { title: '64 connections, processor time of a call, µs', scenario: 'connections', figure: 'processor' },
  { title: 'streamed replies/s', scenario: 'stream', figure: 'rate' },
  { title: 'stream, processor time of a reply, µs', scenario: 'stream', figure: 'processor' },
];

/** Tables of all figures. */
export function rpcSection(report: RpcReport): string {
  return [
    `Medians of ${report.rounds} rounds, the ratios those of turns that followed one another. The probe server, with all its checks, against the same methods on Debian's`,
    'golang-github-varlink-go-dev: each on a unix socket of its own, asked in turn by one client process that writes ready-made',
    'calls and counts the replies; with 16 in flight and streams it is busier than the server. Of rates more is better, of times less.',
    '',
    table(
      ['', ...report.targets, 'imaged : Go', 'JSON-RPC : varlink'],
      rows.map((row) => figures(report, row)),
    ),
    '',
    'A call of 8 MiB that is answered with its argument, until the reply has arrived, against JSON.parse and JSON.stringify of',
    'the argument in the client. The ratio is imaged (varlink) over those two.',
    '',
    table(
      ['8 MiB', 'JSON', ...report.targets, 'ratio'],
      Object.keys(report.large).map((what) => largeFigures(report, what)),
    ),
    '',
    'The generated client in place of that one, on one connection, checks included:',
    '',
    table(
      ['', ...report.targets],
      Object.entries(report.clients).map(([use, rates]) => clientFigures(report, use, rates)),
    ),
  ].join('\n');
}

function figures({ samples, targets }: RpcReport, { title, scenario, figure }: Row): string[] {
  const all = (target: string): number[] =>
    (samples[scenario]?.[target] ?? []).flatMap((sample) => sample[figure] ?? []);
  const ratio = (one: string, other: string): string => {
    const others = all(other);
    return median(all(one).map((value, turn) => value / (others[turn] ?? Number.NaN))).toFixed(2);
  };
  const { own, go, jsonRpc } = rpcNames;
  return [
    title,
    ...targets.map((target) => rounded(median(all(target)))),
    ratio(own, go),
    ratio(jsonRpc, own),
  ];
}

function largeFigures({ large, json: times, targets }: RpcReport, what: string): string[] {
  const json = median(times[what] ?? []);
  const middle = (target: string): number => median(large[what]?.[target] ?? []);
  const ratio = middle(rpcNames.own) / json;
  return [
    what,
    milliseconds(json),
    ...targets.map((target) => milliseconds(middle(target))),
    ratio.toFixed(2),
  ];
}

function clientFigures(
  { targets }: RpcReport,
  use: string,
  rates: Readonly<Record<string, readonly number[]>>,
): string[] {
  return [use, ...targets.map((target) => rounded(median(rates[target] ?? [])))];
}

function rounded(figure: number): string {
  return figure >= 1000 ? Math.round(figure).toLocaleString('en') : figure.toFixed(1);
}
