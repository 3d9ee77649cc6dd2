// What `imagectl build` shows to single commands: secrets, by value, and agents, by their sockets.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { BuildAgent, BuildSecret } from '../../src/generated/io-imaged.js';
import { CommandError } from '../errors.js';
import { systemText } from '../payload.js';
import type { Environment } from './settings.js';

/** Of `id=ID,src=PATH` and `id=ID,env=NAME`; without either, of the variable or else the file of that name. */
export async function secretsOf(texts: readonly string[], environment: Environment): Promise<BuildSecret[]> {
  return await Promise.all(texts.map((text) => secretOf(text, environment)));
}

async function secretOf(text: string, environment: Environment): Promise<BuildSecret> {
  const fields = fieldsOf(text);
  const id = fields.get('id') ?? '';
  const source = fields.get('src') ?? fields.get('source');
  const variable = fields.get('env');
  const type = fields.get('type') ?? (variable === undefined ? 'file' : 'env');
  if (id === '' || (type !== 'file' && type !== 'env')) {
    throw new CommandError(`--secret ${fields.get('id') ?? ''}: expected id=ID,src=PATH or id=ID,env=NAME`);
  }
  if (variable !== undefined || type === 'env') {
    const value = environment[variable ?? source ?? id];
    if (value === undefined)
      throw new CommandError(`--secret ${id}: the variable ${variable ?? source ?? id} is not set`);
    return { id, value: Buffer.from(value).toString('base64') };
  }
  const content = await readFile(source ?? id).catch((cause: unknown) => {
    throw new CommandError(`--secret ${id}: open ${source ?? id}: ${systemText(cause)}`, undefined, {
      cause,
    });
  });
  return { id, value: content.toString('base64') };
}

function fieldsOf(text: string): Map<string, string> {
  const pairs = text.split(',').map((field) => {
    const equals = field.indexOf('=');
    return equals < 0 ? ([field, ''] as const) : ([field.slice(0, equals), field.slice(equals + 1)] as const);
  });
  return new Map(pairs);
}

/** Of `default` and `ID[=SOCKET]`, which is the agent of this session when absent. */
export function agentsOf(texts: readonly string[], environment: Environment): BuildAgent[] {
  return texts.map((text) => {
    const equals = text.indexOf('=');
    const id = equals < 0 ? text : text.slice(0, equals);
    const socket = equals < 0 ? environment['SSH_AUTH_SOCK'] : text.slice(equals + 1);
    if (id === '') throw new CommandError(`--ssh ${text}: expected default or ID[=SOCKET]`);
    if (socket === undefined || socket === '') {
      throw new CommandError(`--ssh ${id}: there is no agent: SSH_AUTH_SOCK is not set`);
    }
    return { id, socket: resolve(socket) };
  });
}
