// Calls that take the connection over, and how it comes back.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CallContext } from '../../src/rpc/index.js';
import { ErrorOccurred, ioPodman } from '../../src/generated/io-podman.js';
import { orgExampleFlags } from '../codegen/golden/org-example-flags.js';
import { Deferred, FlagsService } from './flags-service.js';
import { RawClient } from './raw-client.js';
import type { Running } from './serve.js';
import { serve } from './serve.js';

const talk = { method: 'org.example.flags.Talk' };
const talked = { parameters: { protocol: 'varlink' } };
const sendFile = (length: number, upgrade = true): object => ({
  method: 'io.podman.SendFile',
  parameters: { type: '', length },
  upgrade,
});

/** Takes files as io.podman's callers send them. */
class Files {
  readonly received: string[] = [];
  readonly outcome = new Deferred<string>();

  async sendFile(params: { readonly length: number }, call: CallContext): Promise<{ fileHandle: string }> {
    if (call.upgrade === undefined)
      throw new ErrorOccurred('client must use upgraded connection to send files');
    call.upgrade(async (raw) => {
      const parts: Buffer[] = [];
      let size = 0;
      for await (const part of raw.read(params.length)) {
        parts.push(part);
        size += part.length;
      }
      if (size < params.length) throw new TypeError('the caller hung up');
      this.received.push(Buffer.concat(parts).toString('latin1'));
      await raw.write(Buffer.from('handle:'));
    });
    return { fileHandle: 'handle' };
  }

  async receiveFile(params: { readonly path: string }, call: CallContext): Promise<{ len: number }> {
    call.upgrade?.(async (raw) => {
      if (params.path === 'endless') await this.#untilAborted(call.signal);
      await raw.write(Buffer.from(params.path));
    });
    return { len: params.path.length };
  }

  async #untilAborted(signal: AbortSignal): Promise<void> {
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve, { once: true });
    });
    this.outcome.resolve('aborted');
  }
}

describe('an upgraded call', () => {
  let running: Running;
  let files: Files;
  let failures: unknown[];

  beforeEach(async () => {
    files = new Files();
    failures = [];
    running = await serve(
      [
        [orgExampleFlags, new FlagsService()],
        [ioPodman, files],
      ],
      { onFailure: (error) => failures.push(error) },
    );
  });

  afterEach(async () => {
    await running[Symbol.asyncDispose]();
  });

  it('talks raw bytes until its caller has finished', async () => {
    using client = new RawClient(running.path);
    client.send({ ...talk, upgrade: true });
    expect(await client.next()).toEqual({ parameters: { protocol: 'upper' } });
    client.write('hello\0');
    expect(await client.bytes(6)).toBe('HELLO\0');
    client.socket.end('bye');
    expect(await client.bytes(3)).toBe('BYE');
    expect(await client.rest()).toEqual([]);
  });

  it('has the bytes that came with the call', async () => {
    using client = new RawClient(running.path);
    client.write(`${JSON.stringify({ ...talk, upgrade: true })}\0early`);
    expect(await client.next()).toEqual({ parameters: { protocol: 'upper' } });
    expect(await client.bytes(5)).toBe('EARLY');
  });

  it('gives the connection back after the bytes it counted', async () => {
    using client = new RawClient(running.path);
    const bytes = `{"method":"nonsense"}\0\0${'x'.repeat(300_000)}`;
    client.write(`${JSON.stringify(sendFile(bytes.length))}\0${bytes}${JSON.stringify(talk)}\0`);
    expect(await client.next()).toEqual({ parameters: { file_handle: 'handle' } });
    expect(await client.bytes(7)).toBe('handle:');
    expect(await client.next()).toEqual(talked);
    expect(files.received).toEqual([bytes]);
    client.send({ method: 'io.podman.ReceiveFile', parameters: { path: 'abc' }, upgrade: true }, talk);
    expect(await client.next()).toEqual({ parameters: { len: 3 } });
    expect(await client.bytes(3)).toBe('abc');
    expect(await client.next()).toEqual(talked);
  });

  it('may have no bytes at all', async () => {
    using client = new RawClient(running.path);
    client.send(sendFile(0), talk);
    expect(await client.next()).toEqual({ parameters: { file_handle: 'handle' } });
    expect(await client.bytes(7)).toBe('handle:');
    expect(await client.next()).toEqual(talked);
  });

  it('stays with varlink after an error', async () => {
    using client = new RawClient(running.path);
    client.send({ ...sendFile(5), parameters: { length: '5' } }, talk, sendFile(5, false), talk);
    expect(await client.next()).toMatchObject({ error: 'org.varlink.service.InvalidParameter' });
    expect(await client.next()).toEqual(talked);
    expect(await client.next()).toEqual({
      error: 'io.podman.ErrorOccurred',
      parameters: { reason: 'client must use upgraded connection to send files' },
    });
    expect(await client.next()).toEqual(talked);
  });

  it('stays with varlink where the method cannot upgrade', async () => {
    using client = new RawClient(running.path);
    client.send({ method: 'org.varlink.service.GetInfo', upgrade: true }, talk);
    expect(await client.next()).toMatchObject({ parameters: { product: 'test' } });
    expect(await client.next()).toEqual(talked);
  });

  it('closes the connection when it fails, and tells the log why', async () => {
    using client = new RawClient(running.path);
    client.send(sendFile(10));
    expect(await client.next()).toEqual({ parameters: { file_handle: 'handle' } });
    client.socket.end('half');
    expect(await client.rest()).toEqual([]);
    expect(failures).toEqual([new TypeError('the caller hung up')]);
  });

  it('is aborted when its caller goes away', async () => {
    using client = new RawClient(running.path);
    client.send({ method: 'io.podman.ReceiveFile', parameters: { path: 'endless' }, upgrade: true });
    expect(await client.next()).toEqual({ parameters: { len: 7 } });
    client.socket.destroy();
    expect(await files.outcome.promise).toBe('aborted');
  });
});
