// A daemon with rules, at whose sockets everybody may connect, and callers with real credentials.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { RawClient } from '../../protocol/raw-client.js';
import { endingsOverVarlink, type BatchedCall, type Ending } from '../every-method/batch.js';
import { connectAs, type Identity } from './connect-as.js';
import { Imaged } from './imaged.js';
import { Scene } from './scene.js';

/** The users that the file names, by their role; nobody else has one. */
export const users = { none: 4000, read: 4001, pull: 4002, admin: 4003 } as const;

export const rules = `
default = "none"
[users]
4001 = "read"
4002 = "pull"
4003 = "admin"
4010 = "none"
[groups]
5001 = "read"
5002 = "admin"
`;

const sockets = {
  varlink: 'all.sock',
  jsonrpc: 'all.json',
  readOnly: 'read.sock',
  readOnlyJsonRpc: 'read.json',
  abstract: 'abstract',
} as const;

export type SocketName = keyof typeof sockets;

export class AccessScene {
  readonly scene: Scene;

  private constructor(scene: Scene) {
    this.scene = scene;
  }

  static async open(): Promise<AccessScene> {
    const made = new AccessScene(await Scene.open());
    await writeFile(made.file, rules);
    await made.daemon.close();
    const at = (name: SocketName): string => `unix:${made.path(name)};mode=0666`;
    const places: readonly (readonly [option: string, address: string])[] = [
      ['--address', at('varlink')],
      ['--jsonrpc', at('jsonrpc')],
      ['--read-only', at('readOnly')],
      ['--jsonrpc', `${at('readOnlyJsonRpc')};role=read`],
      ['--jsonrpc', 'tcp:127.0.0.1:0'],
      ['--jsonrpc', 'tcp:127.0.0.2:0;role=read'],
      ['--address', `unix:@${made.path('abstract')}`],
    ];
    const args = ['--access', made.file, '--log-format', 'json', '--allow-plain-tcp', ...places.flat()];
    made.scene.daemon = await Imaged.start(made.scene.store, { args });
    return made;
  }

  get daemon(): Imaged {
    return this.scene.daemon;
  }

  /** That of the rules. */
  get file(): string {
    return join(this.scene.store.directory, 'access.toml');
  }

  path(socket: SocketName): string {
    return join(this.scene.store.directory, sockets[socket]);
  }

  varlink(who: Identity, socket: 'varlink' | 'readOnly' = 'varlink'): RawClient {
    return connectAs(who, () => new RawClient(this.path(socket)));
  }

  jsonRpc(who: Identity, socket: 'jsonrpc' | 'readOnlyJsonRpc' = 'jsonrpc'): RawClient {
    return connectAs(who, () => new RawClient(this.path(socket), '\n'));
  }

  async close(): Promise<void> {
    await this.scene.close();
  }
}

export function call(method: string, parameters: object = {}): BatchedCall {
  return { method: `io.podman.${method}`, parameters, more: false };
}

/** How one call over varlink ended. */
export async function endingOf(client: RawClient, asked: BatchedCall): Promise<Ending> {
  const [ending] = await endingsOverVarlink(client, [asked]);
  if (ending === undefined) throw new Error(`no answer to ${asked.method}`);
  return ending;
}
