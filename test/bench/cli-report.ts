// What `npm run bench -- cli` writes into docs/performance.md.
import type { CliReport } from './cli.js';
import { milliseconds, table } from './report.js';

export function cliSection({ rounds, node, version, lists }: CliReport): string {
  const ratio = (time: number, other: number | undefined): string =>
    other === undefined ? 'less than podman' : `${(time / other).toFixed(2)} × podman`;
  return [
    `imagectl from its start to its end, medians of ${rounds} rounds, each in turn with what it is compared to. \`node -e 0\` is the least`,
    'that a program on Node.js can take.',
    '',
    table(
      ['command', 'imagectl', 'beside', ''],
      [
        [
          '`--version`',
          milliseconds(version),
          `\`node -e 0\` ${milliseconds(node)}`,
          `${(version / node).toFixed(2)} ×`,
        ],
        ...lists.flatMap(({ images, imagectl, activated, podman }) => {
          const beside = `\`podman images\` ${podman === undefined ? 'more than 20 s' : milliseconds(podman)}`;
          const name = `\`images\`, ${images.toLocaleString('en')} of them`;
          return [
            [name, milliseconds(imagectl), beside, ratio(imagectl, podman)],
            [`${name}, imaged started for it`, milliseconds(activated), beside, ratio(activated, podman)],
          ];
        }),
      ],
    ),
  ].join('\n');
}
