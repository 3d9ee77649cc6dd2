// npm run transcripts: runs every example and writes down what it says, for the reader of the next change to judge.
import { mkdir, rm, writeFile } from 'node:fs/promises';

import { commandExamples } from './command-examples.js';
import { TranscriptScene, transcriptFile } from './transcript-scene.js';

const scene = await TranscriptScene.open();
try {
  const files = new Map<string, string>();
  for (const example of commandExamples) {
    const transcript = scene.transcript(example, await scene.imagectl(example));
    const file = transcriptFile(example);
    files.set(file, [...(files.get(file) === undefined ? [] : [files.get(file)]), transcript].join('\n'));
  }
  await rm('test/client/transcripts', { recursive: true, force: true });
  await mkdir('test/client/transcripts', { recursive: true });
  for (const [file, text] of files) await writeFile(file, text);
  process.stdout.write(`${commandExamples.length} runs in ${files.size} files of test/client/transcripts\n`);
} finally {
  await scene.close();
}
