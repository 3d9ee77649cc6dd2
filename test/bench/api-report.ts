// What `npm run bench -- api` writes into docs/performance.md.
import type { ApiReport, MethodReport } from './api.js';
import { milliseconds, table } from './report.js';

/** One row for each method, with median and 99th percentile for each size of the store. */
export function apiSection(reports: readonly ApiReport[], rounds: number): string {
  const [first] = reports;
  const sizes = reports.map(({ images }) => `${images} images`);
  return [
    `Each method that only reads, ${rounds} calls one after the other over a warm connection, until the whole reply has arrived: median and`,
    '99th percentile by the number of images in the store. Diff compares a layer of 100 files, GetEvents looks through 100 events.',
    'Beside it the podman command that tells the same, a process on the same store, once.',
    '',
    table(
      ['method', ...sizes, 'podman', ...sizes],
      (first?.methods ?? []).map(({ method, command }, row) => {
        const all = reports.map(({ methods }) => methods[row] as MethodReport);
        const calls = all.map((one) => `${milliseconds(one.median)}, ${milliseconds(one.p99)}`);
        return [method].concat(calls, command === undefined ? '' : `\`${command}\``, all.map(podmanTime));
      }),
    ),
  ].join('\n');
}

function podmanTime({ command, podman }: MethodReport): string {
  if (command === undefined) return '';
  return podman === undefined ? 'more than 20 s' : milliseconds(podman);
}
