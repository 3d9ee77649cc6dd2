// Calls to any interface on one connection: each goes to the service that has it, one after the other.
import { ioImaged } from '../../src/generated/io-imaged.js';
import { ioPodman } from '../../src/generated/io-podman.js';
import { orgVarlinkService } from '../../src/generated/org-varlink-service.js';
import type { IncomingCall } from '../../src/rpc/dispatch.js';
import { InterfaceNotFound } from '../../src/rpc/index.js';
import { defaultLimits } from '../../src/rpc/limits.js';
import { decodeCall } from '../../src/rpc/varlink/call.js';
import { Reader } from '../../src/rpc/varlink/reader.js';
import type { Reply } from '../../src/rpc/reply.js';
import { decodeReply } from '../../src/rpc/varlink/reply.js';
import { CommandError } from '../errors.js';
import type { Lookup } from './lookup.js';
import { addressOf } from './lookup.js';
import { BridgedService } from './service.js';
import type { Stdio } from './stdio.js';
import { write } from './stdio.js';

const nul = Buffer.alloc(1);
const ownInterfaces: ReadonlySet<string> = new Set([ioPodman.name, ioImaged.name, orgVarlinkService.name]);
const describing = `${orgVarlinkService.name}.GetInterfaceDescription`;

/** What calls are passed on to. */
export interface Routes {
  /** The service of io.podman, io.imaged and all that is asked of no other. */
  readonly own: string;
  readonly lookup: Lookup;
}

/**
 * Passes calls on until there are no more. A call that was upgraded takes the whole bridge: from then on every byte
 * goes to and from its service. Throws `ProtocolError`, or {@link CommandError} when a service goes away.
 */
export class Router {
  readonly #routes: Routes;
  readonly #signal: AbortSignal;
  readonly #services = new Map<string, BridgedService>();

  constructor(routes: Routes, signal: AbortSignal) {
    this.#routes = routes;
    this.#signal = signal;
  }

  async run({ input, output }: Stdio): Promise<void> {
    const calls = new Reader(input, defaultLimits);
    for (let bytes = await calls.message(); bytes !== undefined; bytes = await calls.message()) {
      const call = decodeCall(bytes, defaultLimits.depth);
      const name = interfaceOf(call);
      const service = await this.#serviceOf(name);
      if (service === undefined) {
        if (!call.oneway) await write(output, notFound(name), this.#signal);
        continue;
      }
      await service.writer.json('', bytes, '\0');
      if (call.oneway) continue;
      let reply: Reply;
      do {
        const answer = await service.reader.message();
        if (answer === undefined)
          throw new CommandError(`${call.method}: the service has closed the connection`);
        reply = decodeReply(answer);
        await write(output, Buffer.concat([answer, nul]), this.#signal);
      } while (reply.continues);
      if (call.upgrade && reply.error === undefined) return await service.forward(calls.bytes(), output);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#services.values()].map((service) => service.close()));
  }

  /** A connection to the service of an interface: the one that is open, or a new one. */
  async #serviceOf(name: string): Promise<BridgedService | undefined> {
    const { own, lookup } = this.#routes;
    const address = ownInterfaces.has(name) ? own : await addressOf(name, lookup);
    if (address === undefined) return undefined;
    const known = this.#services.get(address);
    if (known?.open === true) return known;
    await known?.close();
    const service = await BridgedService.open(address, this.#signal);
    this.#services.set(address, service);
    return service;
  }
}

/** Whose call it is; a question for a description goes to the service that has it. */
function interfaceOf({ method, parameters }: IncomingCall): string {
  const { interface: asked } = (parameters ?? {}) as { interface?: unknown };
  if (method === describing && typeof asked === 'string') return asked;
  return method.slice(0, Math.max(method.lastIndexOf('.'), 0));
}

function notFound(name: string): Buffer {
  const { error, parameters } = new InterfaceNotFound(name);
  return Buffer.from(`${JSON.stringify({ error, parameters })}\0`);
}
