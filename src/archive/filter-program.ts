// A program that reads its input and writes its output, as a stream: for compressions Node does not have.
import { Duplex } from 'node:stream';
import { startChild } from '../sys/child.js';
import { CompressionError } from './errors.js';

const ERROR_TEXT_BYTES = 2048;

/** Starts `program` from PATH. What is written goes in, what is read came out; ended only when it exited with 0. */
export function filterProgram(program: string, args: readonly string[]): Duplex {
  const child = started(program, args);
  const { stdin, stdout, stderr } = child;
  let complaint = '';
  let failure: CompressionError | undefined;
  let writeDone: (() => void) | undefined;
  const resumeWriting = (): void => {
    const done = writeDone;
    writeDone = undefined;
    done?.();
  };
  const stream: Duplex = new Duplex({
    write(chunk: Buffer, _encoding, done) {
      writeDone = done;
      if (stdin.write(chunk)) resumeWriting();
    },
    final(done) {
      stdin.end(() => done());
    },
    read() {
      stdout.resume();
    },
    destroy(error, done) {
      child.kill('SIGKILL');
      done(error);
    },
  });
  child.once('error', (cause) => {
    failure = new CompressionError(`cannot run ${program}`, undefined, { cause });
    stream.destroy(failure);
  });
  // After all output was read.
  child.once('close', (status, signal) => {
    if (status === 0) stream.push(null);
    else
      stream.destroy(failure ?? new CompressionError(complaint.trim() || `${program}: ${status ?? signal}`));
    resumeWriting();
  });
  stderr.setEncoding('utf8');
  stderr.on('data', (text: string) => {
    complaint = (complaint + text).slice(0, ERROR_TEXT_BYTES);
  });
  stdin.on('drain', resumeWriting);
  // EPIPE: the program gave up; why is known when it has ended.
  stdin.on('error', () => undefined);
  stdout.on('data', (chunk: Buffer) => {
    if (!stream.push(chunk)) stdout.pause();
  });
  return stream;
}

function started(program: string, args: readonly string[]): ReturnType<typeof startChild> {
  try {
    return startChild(program, args);
  } catch (cause) {
    throw new CompressionError(`cannot run ${program}`, undefined, { cause });
  }
}
