// Finds the end of a response body and takes the chunk headers out of it, without copying content.
import type { BodyLength } from './response-head.js';
import { HttpProtocolError } from './response-head.js';

const maxLine = 8 * 1024;

/** Splits what a connection delivers into content and framing, one response long. */
export interface BodyFraming {
  /** True when the whole body was seen. */
  readonly done: boolean;
  /** Hands the content in `bytes` to `sink` as views; returns how many bytes belonged to this body. */
  take(bytes: Buffer, sink: (content: Buffer) => void): number;
  /** May the connection end here? */
  readonly endsWithConnection: boolean;
}

class KnownLength implements BodyFraming {
  readonly endsWithConnection = false;
  #left: number;
  constructor(length: number) {
    this.#left = length;
  }
  get done(): boolean {
    return this.#left === 0;
  }
  take(bytes: Buffer, sink: (content: Buffer) => void): number {
    const content = bytes.length <= this.#left ? bytes : bytes.subarray(0, this.#left);
    this.#left -= content.length;
    if (content.length > 0) sink(content);
    return content.length;
  }
}

class UntilClose implements BodyFraming {
  readonly done = false;
  readonly endsWithConnection = true;
  take(bytes: Buffer, sink: (content: Buffer) => void): number {
    if (bytes.length > 0) sink(bytes);
    return bytes.length;
  }
}

/** `size [;extension] CRLF content CRLF … 0 CRLF trailers CRLF` (RFC 9112 §7.1). */
class Chunked implements BodyFraming {
  readonly endsWithConnection = false;
  #state: 'size' | 'content' | 'content-end' | 'trailer' | 'done' = 'size';
  #left = 0;
  #line = '';
  get done(): boolean {
    return this.#state === 'done';
  }

  take(bytes: Buffer, sink: (content: Buffer) => void): number {
    let at = 0;
    while (at < bytes.length && this.#state !== 'done') {
      if (this.#state === 'content') {
        const content = bytes.subarray(at, at + this.#left);
        at += content.length;
        this.#left -= content.length;
        sink(content);
        if (this.#left === 0) this.#state = 'content-end';
      } else {
        const end = bytes.indexOf(0x0a, at);
        const stop = end < 0 ? bytes.length : end + 1;
        this.#line += bytes.toString('latin1', at, stop);
        at = stop;
        if (this.#line.length > maxLine) throw new HttpProtocolError('chunk header too long');
        if (end >= 0) this.#endOfLine();
      }
    }
    return at;
  }

  #endOfLine(): void {
    if (!this.#line.endsWith('\r\n')) throw new HttpProtocolError('malformed chunk');
    const line = this.#line.slice(0, -2);
    this.#line = '';
    if (this.#state === 'content-end') {
      if (line !== '') throw new HttpProtocolError('malformed chunk');
      this.#state = 'size';
    } else if (this.#state === 'trailer') {
      if (line === '') this.#state = 'done';
    } else {
      const size = /^([0-9A-Fa-f]{1,13})(?:[ \t]*;.*)?$/.exec(line);
      if (size === null) throw new HttpProtocolError('malformed chunk size');
      this.#left = Number.parseInt(size[1]!, 16);
      this.#state = this.#left === 0 ? 'trailer' : 'content';
    }
  }
}

/** The framing for a body of this length. */
export function bodyFraming(length: BodyLength): BodyFraming {
  if (length.kind === 'known') return new KnownLength(length.length);
  return length.kind === 'chunked' ? new Chunked() : new UntilClose();
}
