import { describe, expect, it } from '@jest/globals';

import { BuildLog, OutputLines, type LineSink } from '../../src/build/build-log.js';

interface Target extends LineSink {
  readonly lines: string[];
}

function sink(): Target {
  const lines: string[] = [];
  const add = (line: string): void => void lines.push(line);
  return { lines, log: add, tell: add, room: async () => undefined };
}

describe('BuildLog', () => {
  it('counts steps over all stages, and the commit as one', () => {
    const target = sink();
    const log = new BuildLog(target, { newer: false, stages: 2 });
    log.step('FROM a', { stage: 1, number: 1, count: 1 });
    log.step('FROM b', { stage: 2, number: 1, count: 2 });
    log.step('RUN c', { stage: 2, number: 2, count: 2 });
    log.commit('name');
    log.made('0123456789abcdef');
    log.done('0123456789abcdef', ['localhost/name:latest']);
    expect(target.lines).toEqual([
      'STEP 1: FROM a',
      'STEP 2: FROM b',
      'STEP 3: RUN c',
      'STEP 4: COMMIT name',
      '--> 0123456789a',
      '0123456789abcdef',
    ]);
  });

  it('tells stages and names in the newer form', () => {
    const target = sink();
    const log = new BuildLog(target, { newer: true, stages: 2 });
    log.step('FROM a', { stage: 1, number: 1, count: 1 });
    log.step('RUN c', { stage: 2, number: 2, count: 5 });
    log.commit('');
    log.done('id', ['localhost/name:latest', 'localhost/other:1']);
    expect(target.lines).toEqual([
      '[1/2] STEP 1/1: FROM a',
      '[2/2] STEP 2/5: RUN c',
      'COMMIT',
      'Successfully tagged localhost/name:latest',
      'Successfully tagged localhost/other:1',
      'id',
    ]);
  });
});

describe('OutputLines', () => {
  it('passes whole lines on, however they were cut', async () => {
    const target = sink();
    const output = new OutputLines(target);
    for (const byte of Buffer.from('one\ntw\u00f6\n\nrest')) await output.write(Buffer.of(byte));
    expect(target.lines).toEqual(['one', 'tw\u00f6', '']);
    output.end();
    expect(target.lines).toEqual(['one', 'tw\u00f6', '', 'rest']);
  });

  it('ends nothing that has ended', async () => {
    const target = sink();
    const output = new OutputLines(target);
    await output.write(Buffer.from('one\n'));
    output.end();
    expect(target.lines).toEqual(['one']);
  });

  it('does not keep a line that never ends', async () => {
    const target = sink();
    const output = new OutputLines(target);
    for (let round = 0; round < 10; round += 1) await output.write(Buffer.alloc(100_000, 'x'));
    expect(target.lines.map(({ length }) => length)).toEqual([262_144, 262_144, 262_144]);
    output.end();
    expect(target.lines.join('')).toHaveLength(1_000_000);
  });
});
