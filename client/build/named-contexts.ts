// The contexts of `--build-context NAME=PLACE`.
import { stat } from 'node:fs/promises';
import type { Context } from '../context.js';
import { CommandError } from '../errors.js';
import { payloadAt } from '../payload.js';
import { archiveContext, openPlace, type ClientContext } from './place.js';

export type NamedPlace =
  | { readonly name: string; readonly place: ClientContext }
  | { readonly name: string; readonly image: string };

/** Disposing closes what is open. */
export class NamedContexts implements AsyncDisposable {
  readonly #all: NamedPlace[] = [];

  get all(): readonly NamedPlace[] {
    return this.#all;
  }

  /** Directories, tars, addresses of them, and images (`docker-image://NAME`). Throws {@link CommandError}. */
  static async open(context: Context, texts: readonly string[]): Promise<NamedContexts> {
    const contexts = new NamedContexts();
    try {
      for (const text of texts) contexts.#all.push(await openNamed(context, text));
      return contexts;
    } catch (error) {
      await contexts[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const named of this.#all) if ('place' in named) await named.place[Symbol.asyncDispose]();
  }
}

async function openNamed(context: Context, text: string): Promise<NamedPlace> {
  const equals = text.indexOf('=');
  const value = text.slice(equals + 1);
  if (equals <= 0 || value === '' || value === '-') {
    throw new CommandError(`--build-context ${text}: expected NAME=PLACE`);
  }
  const name = text.slice(0, equals);
  const [scheme, image] = /^(?:docker-image|container-image|docker):\/\/(.+)$/.exec(value) ?? [];
  if (scheme !== undefined && image !== undefined) return { name, image };
  const isFile = (await stat(value).catch(() => undefined))?.isFile() === true;
  const place = isFile
    ? archiveContext(await payloadAt(value, context.signal))
    : await openPlace(context, value, []);
  if (place.kind === 'dockerfile') {
    throw new CommandError(`--build-context ${text}: neither a directory nor a tar`);
  }
  return { name, place };
}
