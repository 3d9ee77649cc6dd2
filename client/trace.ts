// `--debug`: each call with its time, and what an error consists of.
import type { Connection, Replies } from '../src/rpc/index.js';
import { VarlinkError } from '../src/rpc/index.js';
import type { Context } from './context.js';
import { describeError } from './errors.js';
import { printable } from './output/printable.js';

/** Parameters are shown up to here: what is longer is seldom read. */
const longest = 1000;

/** The connection, telling of each call if that is asked for. */
export function traced(context: Pick<Context, 'debug' | 'now'>, connection: Connection): Connection {
  const { debug, now } = context;
  if (debug === undefined) return connection;
  const begin = (method: string, parameters: object): ((end: string) => void) => {
    const start = now();
    debug(`call ${method} ${shown(parameters)}`);
    return (end) => debug(`call ${method}: ${end} after ${now() - start} ms`);
  };
  const watched = async <T>(method: string, parameters: object, call: () => Promise<T>): Promise<T> => {
    const end = begin(method, parameters);
    try {
      const reply = await call();
      end('replied');
      return reply;
    } catch (error) {
      end(error instanceof VarlinkError ? error.error : 'failed');
      throw error;
    }
  };
  return {
    call: (method, parameters, check, options) =>
      watched(method, parameters, () => connection.call(method, parameters, check, options)),
    more: (method, parameters, check, options) =>
      counted(connection.more(method, parameters, check, options), () => begin(method, parameters)),
    oneway: (method, parameters, options) =>
      watched(method, parameters, () => connection.oneway(method, parameters, options)),
    upgrade: (method, parameters, check, options) =>
      watched(method, parameters, () => connection.upgrade(method, parameters, check, options)),
    pipeline: (calls) => connection.pipeline(calls),
    close: () => connection.close(),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

async function* counted<T>(replies: Replies<T>, begin: () => (end: string) => void): AsyncGenerator<T> {
  const end = begin();
  let count = 0;
  let outcome = 'left';
  try {
    for await (const reply of replies) {
      count += 1;
      yield reply;
    }
    outcome = 'ended';
  } catch (error) {
    outcome = error instanceof VarlinkError ? error.error : 'failed';
    throw error;
  } finally {
    end(`${outcome} with ${count} replies`);
  }
}

/** An error with everything that is known of it, a line for each of its causes. */
export function errorLines(error: unknown): string[] {
  const lines: string[] = [];
  for (let next = error; next !== undefined && lines.length < 32;) {
    const label = lines.length === 0 ? 'error' : 'caused by';
    if (!(next instanceof Error)) return [...lines, `${label} ${printable(describeError(next))}`];
    const { code = '' } = next as { code?: string | number };
    const details = next instanceof VarlinkError ? ` ${next.error} ${shown(next.parameters)}` : ` ${code}`;
    lines.push(printable(`${label} ${next.name}${details.trimEnd()}: ${next.message}`));
    lines.push(
      ...(next.stack ?? '')
        .split('\n')
        .filter((line) => /^ +at /.test(line))
        .map(printable),
    );
    next = next.cause;
  }
  return lines;
}

/** What callers keep to themselves stays so. */
const secrets = /^(?:password|identitytoken|value|sourceCredentials|destinationCredentials)$/i;

function shown(value: object): string {
  const text = JSON.stringify(value, (key, item: unknown) =>
    secrets.test(key) && item !== '' ? '***' : typeof item === 'bigint' ? String(item) : item,
  );
  return printable(text.length > longest ? `${text.slice(0, longest)}…` : text);
}
