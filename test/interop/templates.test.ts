// `--format` of imagectl and of podman, over one store: the same bytes, and the same words for what is wrong.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { imagectl as runHere, type Run } from '../client/support/imagectl.js';
import { buildImage } from '../peers/sample-image.js';
import { buildShellImage } from '../peers/shell-image.js';
import { Scene } from './support/scene.js';
import { templates } from './support/templates.js';

jest.setTimeout(60_000);

let scene: Scene;
const names = new Map<string, string>();

function imagectl(args: readonly string[]): Promise<Run> {
  return runHere(scene.daemon, args, { now: Date.now });
}

beforeAll(async () => {
  scene = await Scene.open();
  const labelled = scene.serve(
    'labelled',
    await buildImage({
      format: 'docker',
      layers: [[{ name: 'a', content: 'a' }]],
      created: '2024-03-01T00:00:00.5Z',
      config: { Labels: { b: '<two>', a: 'one', z: '' }, Env: ['PATH=/bin', 'X=y z'], Cmd: ['sh', '-c'] },
      history: [{ created: '2024-03-01T00:00:00Z', created_by: `RUN ${'x'.repeat(60)}`, comment: 'a & b' }],
    }),
  );
  const shell = scene.serve('shell', await buildShellImage());
  const unnamed = scene.serve('unnamed', await buildImage({ layers: [[{ name: 'u' }]] }));
  const { stdout } = await imagectl(['pull', '--quiet', labelled, shell, unnamed]);
  names.set('LABELLED', labelled).set('SHELL', shell);
  names.set('UNTAGGED', stdout.trim().split('\n').at(-1) ?? '');
  names.set('REGISTRY', scene.registry.host);
  await imagectl(['untag', unnamed]);
  await imagectl(['tag', labelled, 'second', 'localhost/third:3']);
});

afterAll(() => scene?.close());

/** What stands between two templates, and in no output of theirs. */
const mark = '@@';

/** The words of a command with the names that the images have. */
function words(command: string): string[] {
  return command.split(' ').map((word) => word.replace(/[A-Z]{4,}/, (name) => names.get(name) ?? name));
}

describe('imagectl prints what podman prints', () => {
  it.each(templates.filter(({ together }) => together.length > 0))(
    'for templates of `$command`',
    async ({ command, together }) => {
      const args = [...words(command), '--format', together.join(mark) + mark];
      const parts = (stdout: string): string[] =>
        stdout.split(mark).map((part, index) => `${together[index % together.length]} → ${part}`);
      const ours = await imagectl(args);
      const theirs = await scene.store.podman(args);
      expect([parts(ours.stdout), ours.stderr, ours.code]).toEqual([parts(theirs.stdout), '', 0]);
    },
  );

  it.each(templates.filter(({ alone }) => alone.length > 0))(
    'for tables, lists and mistakes of `$command`',
    async ({ command, alone }) => {
      for (const format of alone) {
        const args = [...words(command), '--format', format];
        const [ours, theirs] = await Promise.all([imagectl(args), scene.store.podman(args)]);
        const { stdout, stderr, code } = theirs;
        expect([format, ours]).toEqual([format, { stdout, stderr, code }]);
      }
    },
  );
});
