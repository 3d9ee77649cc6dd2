// Faults on order: what the embedded registry does wrong when a test asks for it.
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** What goes wrong with one answer. Everything absent goes right; several can be combined. */
export interface Fault {
  /** Milliseconds before anything is answered. */
  readonly delay?: number;
  /** The connection is destroyed instead of an answer. */
  readonly drop?: boolean;
  /** This status is answered instead, with `headers` and `body`. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** The connection is destroyed after this many bytes of the body. */
  readonly cutAfter?: number;
  /** Nothing follows this many bytes of the body; the connection stays open. */
  readonly stallAfter?: number;
  /** One bit of the body's byte at this offset is the wrong way round. */
  readonly corruptAt?: number;
  /** The body comes at about this rate. */
  readonly bytesPerSecond?: number;
  /** A Range header is not looked at: the whole blob comes with status 200. */
  readonly ignoreRange?: boolean;
  /** The connection is destroyed when this many bytes of the request's body have come. */
  readonly cutRequestAfter?: number;
  /** No more than this of the request's body is read; the connection stays open. */
  readonly stallRequestAfter?: number;
  /** What was asked is done, but the connection is destroyed instead of the answer. */
  readonly dropAnswer?: boolean;
  /** These stand in the place of those of a right answer. */
  readonly answerHeaders?: Readonly<Record<string, string>>;
}

/** Thrown inside a body to say that the connection is to be destroyed here. */
export class CutError extends Error {
  override readonly name = 'CutError';
  readonly code = 'CUT';
}

const stepMilliseconds = 50;

/** `body` as the fault spoils it; throws {@link CutError} at the byte where the connection has to end. */
export async function* spoil(body: Readable, fault: Fault, signal: AbortSignal): AsyncGenerator<Buffer> {
  let offset = 0;
  const end = Math.min(fault.cutAfter ?? Infinity, fault.stallAfter ?? Infinity);
  for await (const whole of body) {
    for (let chunk of steps(whole as Buffer, fault.bytesPerSecond)) {
      const room = end - offset;
      if (chunk.length > room) chunk = chunk.subarray(0, room);
      yield flipped(chunk, (fault.corruptAt ?? -1) - offset);
      offset += chunk.length;
      if (offset === fault.cutAfter) throw new CutError(`cut after ${offset} bytes`);
      if (offset === fault.stallAfter) await sleep(2 ** 31 - 1, undefined, { signal });
      if (fault.bytesPerSecond !== undefined) await sleep(stepMilliseconds, undefined, { signal });
    }
  }
}

function* steps(chunk: Buffer, bytesPerSecond: number | undefined): Generator<Buffer> {
  const step =
    bytesPerSecond === undefined ? chunk.length : Math.ceil((bytesPerSecond * stepMilliseconds) / 1000);
  for (let at = 0; at < chunk.length; at += step) yield chunk.subarray(at, at + step);
}

function flipped(chunk: Buffer, at: number): Buffer {
  if (at < 0 || at >= chunk.length) return chunk;
  const copy = Buffer.from(chunk);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
}

/** The body of a request as far as the fault lets it through; throws {@link CutError} where the connection has to end. */
export async function* received(body: Readable, fault: Fault, signal: AbortSignal): AsyncGenerator<Buffer> {
  let offset = 0;
  const end = Math.min(fault.cutRequestAfter ?? Infinity, fault.stallRequestAfter ?? Infinity);
  for await (const whole of body) {
    const chunk = (whole as Buffer).subarray(0, end - offset);
    offset += chunk.length;
    yield chunk;
    if (offset === fault.cutRequestAfter) throw new CutError(`cut after ${offset} bytes`);
    if (offset === fault.stallRequestAfter) await sleep(2 ** 31 - 1, undefined, { signal });
  }
}
