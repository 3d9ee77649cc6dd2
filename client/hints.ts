// What to do about an error: the end of its line.
import { ImageNotFound } from '../src/generated/io-podman.js';
import { MethodNotImplemented } from '../src/rpc/index.js';
import { withClient } from './connection.js';
import type { Context } from './context.js';
import { describeError } from './errors.js';
import { nearest } from './nearest.js';

/** The service is asked for names only if it answers soon. Milliseconds. */
const patience = 2000;

/** ` (do this)`, or nothing. Nothing is thrown. */
export async function hintFor(error: unknown, context: Context): Promise<string> {
  const hint = connectionHint(error) ?? (await imageHint(error, context)) ?? textHint(error);
  return hint === undefined ? '' : ` (${hint})`;
}

/** Why nobody answered. */
function connectionHint(error: unknown): string | undefined {
  const code = systemCode(error);
  const address = /^cannot connect to imaged at (.*): /.exec(describeError(error))?.[1] ?? '';
  const path = /^(?:jsonrpc\+)?unix:(?:\/\/)?([^;]*)/.exec(address)?.[1];
  if (code === undefined) return undefined;
  if (path === undefined) {
    return code === 'ECONNREFUSED' ? 'is imaged running there, and listening at this address?' : undefined;
  }
  if (code === 'ENOENT' || code === 'ECONNREFUSED') {
    const user = path.startsWith('/run/user/') ? '--user ' : '';
    return `start it with \`systemctl ${user}start imaged.socket\`, or say where it is with --url`;
  }
  if (code === 'EACCES' || code === 'EPERM')
    return 'use sudo, or a socket that you may open with --url unix:PATH';
  return undefined;
}

function systemCode(error: unknown): string | undefined {
  return causesOf(error)
    .map((cause) => cause as Partial<NodeJS.ErrnoException>)
    .find(({ code, syscall }) => syscall === 'connect' && code !== undefined)?.code;
}

/** Images whose names are nearly the one that there is no image of. */
async function imageHint(error: unknown, context: Context): Promise<string | undefined> {
  const missing = causeOf(error, ImageNotFound);
  if (missing === undefined) return undefined;
  try {
    const signal = AbortSignal.any([context.signal, AbortSignal.timeout(patience)]);
    const { images } = await withClient({ ...context, address: context.address, signal }, (client) =>
      client.listImages({}),
    );
    const near = nearestNames(
      missing.parameters.id,
      images.flatMap(({ repoTags }) => repoTags),
    );
    return near.length === 0 ? undefined : `did you mean ${near.join(' or ')}?`;
  } catch {
    // A hint is not worth another error.
    return undefined;
  }
}

/** Whole names are compared where one was given, else last parts. */
function nearestNames(wanted: string, names: readonly string[]): string[] {
  const short = (name: string): string[] => {
    const [, repository = name] = /^(.*?)(?::[^:/]*)?(?:@.*)?$/.exec(name) ?? [];
    return [name, repository, repository.split('/').slice(1).join('/'), repository.split('/').at(-1) ?? ''];
  };
  const asked = wanted.replace(/^sha256:/, '').replace(/:latest$/, '');
  const spelled = names.flatMap((name) => short(name).map((form) => ({ name, form })));
  const near = nearest(asked, new Set(spelled.map(({ form }) => form).filter((form) => form !== '')));
  return [...new Set(spelled.filter(({ form }) => near.includes(form)).map(({ name }) => name))].slice(0, 3);
}

function textHint(error: unknown): string | undefined {
  const text = describeError(error);
  if (causeOf(error, MethodNotImplemented) !== undefined)
    return 'the service is older than this imagectl: update it';
  if (/unauthorized|authentication required|invalid username\/password/i.test(text)) {
    const host = /([\w-]+(?:\.[\w-]+)+(?::\d+)?|[\w-]+:\d+|localhost)\//.exec(text)?.[1];
    return host === undefined ? 'give --creds' : `log in with \`podman login ${host}\`, or give --creds`;
  }
  if (/no space left on device/i.test(text))
    return 'make room where the store is, as with `imagectl image prune`';
  return undefined;
}

function causeOf<T>(error: unknown, type: abstract new (...args: never[]) => T): T | undefined {
  return causesOf(error).find((cause): cause is T & object => cause instanceof type);
}

/** The error, and what it came from. */
function causesOf(error: unknown): readonly object[] {
  const causes: object[] = [];
  let next = error;
  while (typeof next === 'object' && next !== null && causes.length < 8) {
    causes.push(next);
    next = (next as { readonly cause?: unknown }).cause;
  }
  return causes;
}
