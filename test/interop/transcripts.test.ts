// What imagectl prints into a pipe, for every command: as it is written down, and as podman prints it on the same store.
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Command } from 'commander';

import { commandTree } from '../client/support/whole-program.js';
import { commandExamples } from './support/command-examples.js';
import { TranscriptScene, transcriptFile } from './support/transcript-scene.js';

jest.setTimeout(60_000);

describe('every command', () => {
  it('has an example, and every transcript belongs to one', async () => {
    const program = await commandTree();
    const names = ({ commands }: Command, before = ''): string[] =>
      commands.flatMap((command) =>
        command.commands.length > 0
          ? names(command, `${command.name()} `)
          : [command.name(), ...command.aliases()].map((name) => before + name),
      );
    const shown = program.createHelp().visibleCommands(program);
    const hidden = new Set(program.commands.filter((command) => !shown.includes(command)));
    const all = names(program).filter((name) => ![...hidden].some((command) => command.name() === name));
    const lines = commandExamples.map(({ line }) => `${line} `);
    // `image X` is X, in other words.
    const spelled = (name: string): string[] => [name, name.replace(/^image (?!ls|list|rm)/, '')];
    const known = new Map([
      ['connection ls', 'connection list'],
      ['connection rm', 'connection remove'],
      ['connection mv', 'connection rename'],
      ['image ls', 'image list'],
      ['image rm', 'rmi'],
    ]);
    const without = all.filter(
      (name) =>
        !spelled(known.get(name) ?? name).some((words) => lines.some((line) => line.startsWith(`${words} `))),
    );
    expect(without).toEqual([]);
    const files = await readdir(join('test', 'client', 'transcripts'));
    const wanted = new Set(commandExamples.map((example) => basename(transcriptFile(example))));
    expect(files.toSorted()).toEqual([...wanted].toSorted());
  });
});

describe('in a pipe', () => {
  let scene: TranscriptScene;
  const transcripts = new Map<string, string>();

  beforeAll(async () => {
    scene = await TranscriptScene.open();
    for (const file of new Set(commandExamples.map(transcriptFile)))
      transcripts.set(file, await readFile(file, 'utf8'));
  });
  afterAll(() => scene?.close());

  it.each([...commandExamples.entries()])(
    'imagectl says what is written down: %#',
    async (_number, example) => {
      const ours = await scene.imagectlHere(example);
      expect(transcripts.get(transcriptFile(example))).toContain(scene.transcript(example, ours));
      if (example.podman === undefined) return;
      const { stdout, stderr, code } = await scene.podman(example);
      expect([ours.stdout, ours.stderr.replaceAll('imagectl', 'podman'), ours.code]).toEqual([
        stdout,
        stderr,
        code,
      ]);
    },
  );
});
