// The very bytes that callers of 2020 exchange: files over the connection on which the next call follows.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { RawClient } from '../../protocol/raw-client.js';

export interface MoreReply {
  readonly parameters: { readonly reply: { readonly logs: string[]; readonly id: string } };
  readonly continues?: true;
  readonly error?: string;
}

/** A reply of any method. */
export interface Reply {
  readonly parameters?: unknown;
  readonly continues?: true;
  readonly error?: string;
}

export class OldClient extends RawClient {
  constructor(address: string) {
    super(address.replace('unix:', ''));
  }

  /** Sends a message as it stands and returns its replies, of which all but the last continue. */
  async say(message: string): Promise<Reply[]> {
    this.write(`${message}\0`);
    const replies: Reply[] = [];
    do replies.push((await this.next()) as Reply);
    while (replies.at(-1)?.continues === true);
    return replies;
  }

  /** Sends a message as it stands, and returns the parameters of its one reply. */
  async ask<Result>(message: string): Promise<Result> {
    const [reply, ...more] = await this.say(message);
    if (reply === undefined || reply.error !== undefined || more.length > 0) {
      throw new Error(`not one good reply to ${message}: ${JSON.stringify([reply, ...more])}`);
    }
    return reply.parameters as Result;
  }

  /** A call with its one reply. */
  async call<Reply>(method: string, parameters: object): Promise<Reply> {
    this.send({ method: `io.podman.${method}`, parameters });
    return (await this.next()) as Reply;
  }

  /** A call with all its replies. */
  async more(method: string, parameters: object): Promise<MoreReply[]> {
    this.send({ method: `io.podman.${method}`, parameters, more: true });
    const replies: MoreReply[] = [];
    do replies.push((await this.next()) as MoreReply);
    while (replies.at(-1)?.continues === true);
    return replies;
  }

  /** SendFile; returns the handle. */
  async upload(bytes: Buffer): Promise<string> {
    this.send(sendFile(bytes.length));
    const { parameters } = (await this.next()) as { parameters: { file_handle: string } };
    this.write(bytes);
    const handle = parameters.file_handle;
    const acknowledged = await this.bytes(handle.length + 1);
    if (acknowledged !== `${handle}:`) throw new Error(`not acknowledged: ${acknowledged}`);
    return handle;
  }

  /** ReceiveFile; returns its bytes. */
  async download(path: string, remove = false): Promise<Buffer | undefined> {
    this.send(receiveFile(path, remove));
    const { parameters } = (await this.next()) as { parameters: { len: number } };
    const bytes = await this.bytes(parameters.len);
    return bytes === undefined ? undefined : Buffer.from(bytes, 'latin1');
  }
}

export function sendFile(length: number): object {
  return { method: 'io.podman.SendFile', parameters: { type: '', length }, upgrade: true };
}

export function receiveFile(path: string, remove = false): object {
  return { method: 'io.podman.ReceiveFile', parameters: { path, delete: remove }, upgrade: true };
}

/** The files on their way from callers and to them that are on the disk. */
export async function exchangedFiles(root: string): Promise<string[]> {
  const place = join(root, 'imaged', 'files');
  const directories = await readdir(place).catch(() => []);
  const found = await Promise.all(
    directories
      .filter((name) => name.startsWith('temp-dir-'))
      .map(async (name) => (await readdir(join(place, name))).map((file) => join(place, name, file))),
  );
  return found.flat();
}

/** Waits until what nobody can want any more is gone. */
export async function untilExchanged(root: string, expected: readonly string[] = []): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    if ((await exchangedFiles(root)).length <= expected.length) break;
    await sleep(50);
  }
  const left = await exchangedFiles(root);
  if (left.join() !== expected.join()) throw new Error(`left behind: ${left.join(' ')}`);
}
