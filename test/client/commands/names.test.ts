// imagectl inspect, tag, untag, exists and rmi: what they ask for, what they print and how they exit.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { imagectl } from '../support/imagectl.js';
import type { Run } from '../support/imagectl.js';
import type { RunningService } from '../support/service.js';
import { image, imagesService, startService } from '../support/service.js';

const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((id) => id.repeat(64));

let service: RunningService;
beforeEach(async () => {
  service = await startService(
    imagesService([
      image('a', { repoTags: ['one:1', 'uno:1'] }),
      image('b', { repoTags: ['two:2'] }),
      image('c'),
      image('d', { repoTags: ['used:1'], containers: 2 }),
    ]),
  );
});
afterEach(() => service.close());

const run = (...args: string[]): Promise<Run> => imagectl(service, args);
const printed = (stdout: string): Run => ({ stdout, stderr: '', code: 0 });
const error = (message: string, code = 125): Run => ({ stdout: '', stderr: `Error: ${message}\n`, code });
const methods = (): string[] => service.calls.map(([method]) => method);

describe('inspect', () => {
  it('prints a JSON list indented by five, as podman does', async () => {
    expect(await run('inspect', 'one:1', 'two:2')).toEqual(
      printed(`[
     {
          "Id": "${a}",
          "Labels": null
     },
     {
          "Id": "${b}",
          "Labels": null
     }
]
`),
    );
  });

  it('prints what is there and an error for each that is not', async () => {
    const { stdout, stderr, code } = await run('image', 'inspect', 'nix', 'two:2', 'nada');
    expect(JSON.parse(stdout)).toEqual([{ Id: b, Labels: null }]);
    expect([stderr, code]).toEqual([
      'error inspecting object: nada: image not known\nError: inspecting object: nix: image not known\n',
      125,
    ]);
    expect((await run('inspect', 'nix')).stdout).toBe('[]\n');
  });

  it('takes the formats and types that an image can have', async () => {
    expect(await run('inspect', '--format', 'json', '-t', 'image', 'c')).toMatchObject({ code: 0 });
    expect(await run('inspect')).toEqual(error('no names or ids specified'));
    expect(await run('inspect', '--type', 'pod', 'c')).toEqual(
      error('invalid type "pod": must be "image" or "all"'),
    );
    expect(await run('inspect', '-f', '{{.Id}}', 'c')).toEqual({
      stdout: `${'c'.repeat(64)}\n`,
      stderr: '',
      code: 0,
    });
    expect((await run('image', 'inspect', '--type', 'image', 'c')).stderr).toBe(
      "Error: unknown flag: --type\nSee 'imagectl image inspect --help'\n",
    );
  });
});

describe('tag', () => {
  it('gives one name after the other and prints nothing', async () => {
    expect(await run('tag', 'two:2', 'zwei', 'deux')).toEqual(printed(''));
    expect(service.calls).toEqual([
      ['tagImage', { name: 'two:2', tagged: 'zwei' }],
      ['tagImage', { name: 'two:2', tagged: 'deux' }],
    ]);
  });

  it('wants an image and a name', async () => {
    expect(await run('image', 'tag', 'two:2')).toEqual(error('requires at least 2 arg(s), only received 1'));
    expect(await run('tag', 'nix', 'x')).toEqual(error('nix: image not known'));
  });
});

describe('untag', () => {
  it('takes the names given, of the image as it was found at first', async () => {
    expect(await run('untag', 'one:1', 'one:1', 'uno:1')).toEqual(printed(''));
    expect(service.calls.slice(1)).toEqual([
      ['untagImage', { name: a, tag: 'one:1' }],
      ['untagImage', { name: a, tag: 'uno:1' }],
    ]);
  });

  it('takes every name if none is given', async () => {
    expect(await run('untag', a ?? '')).toEqual(printed(''));
    expect(methods()).toEqual(['getImage', 'untagImage', 'untagImage']);
  });

  it('says which name the image does not have', async () => {
    expect(await run('image', 'untag', 'one:1', 'two:2')).toEqual(error('two:2: tag not known'));
    expect(await run('untag')).toEqual(error('requires at least 1 arg(s), only received 0'));
  });
});

describe('exists', () => {
  it('answers by its exit code alone', async () => {
    expect(await run('exists', 'one:1')).toEqual(printed(''));
    expect(await run('image', 'exists', 'nix')).toEqual({ stdout: '', stderr: '', code: 1 });
  });

  it('says what is wrong with a name', async () => {
    expect(await run('exists', 'BAD')).toEqual(error('repository name must be lowercase'));
    expect(await run('exists')).toEqual(error('accepts 1 arg(s), received 0'));
  });
});

describe('rmi', () => {
  it('tells the names that are gone and then the images', async () => {
    expect(await run('rmi', 'uno:1', 'two:2', 'c')).toEqual(
      printed(`Untagged: uno:1\nUntagged: two:2\nDeleted: ${b}\nDeleted: ${c}\n`),
    );
  });

  it('goes on after an image that is not there, and exits with 1', async () => {
    expect(await run('image', 'rm', 'nix', 'two:2')).toEqual({
      stdout: `Untagged: two:2\nDeleted: ${b}\n`,
      stderr: 'Error: nix: image not known\n',
      code: 1,
    });
  });

  it('exits with 2 if an image is in use, whatever else went wrong', async () => {
    const inUse = `could not remove image ${d} as it is being used by 2 containers`;
    expect(await run('rmi', 'used:1')).toEqual(error(inUse, 2));
    expect(await run('rmi', 'nix', 'used:1')).toEqual(
      error(`2 errors occurred:\n\t* nix: image not known\n\t* ${inUse}`, 2),
    );
  });

  it('exits with 125 for other trouble', async () => {
    const several = `unable to delete ${a} (must force) - image is referred to in multiple tags`;
    expect(await run('rmi', 'aaa')).toEqual(error(several));
    expect(await run('rmi', 'aaa', 'nix')).toEqual(
      error(`2 errors occurred:\n\t* ${several}\n\t* nix: image not known`),
    );
  });

  it('removes with force, and does not mind what is not there', async () => {
    expect(await run('rmi', '-f', 'nix', 'used:1', 'aaa')).toEqual(
      printed(`Untagged: used:1\nUntagged: one:1\nUntagged: uno:1\nDeleted: ${d}\nDeleted: ${a}\n`),
    );
    expect(await run('rmi', '--ignore', 'nix')).toEqual(printed(''));
  });

  it('removes all images that are not in use', async () => {
    expect(await run('rmi', '-a')).toEqual({
      stdout: `Untagged: one:1\nUntagged: uno:1\nUntagged: two:2\nDeleted: ${a}\nDeleted: ${b}\nDeleted: ${c}\n`,
      stderr: `Error: could not remove image ${d} as it is being used by 2 containers\n`,
      code: 2,
    });
    expect(await run('rmi', '-a', '-f')).toEqual(printed(`Untagged: used:1\nDeleted: ${d}\n`));
    expect(await run('rmi', '-a')).toEqual(printed(''));
  });

  it.each([
    [[], 'image name or ID must be specified'],
    [['-a', 'x'], 'when using the --all switch, you may not pass any images names or IDs'],
  ])('refuses %j', async (args, message) => {
    expect(await run('rmi', ...args)).toEqual(error(message));
  });
});
