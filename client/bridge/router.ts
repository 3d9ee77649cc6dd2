// Calls on one connection, passed on one after the other: each to the service that its interface has.
import { orgVarlinkService } from '../../src/generated/org-varlink-service.js';
import type { IncomingCall } from '../../src/rpc/dispatch.js';
import { InterfaceNotFound } from '../../src/rpc/index.js';
import { defaultLimits } from '../../src/rpc/limits.js';
import { decodeCall } from '../../src/rpc/varlink/call.js';
import { Reader } from '../../src/rpc/varlink/reader.js';
import { decodeReply } from '../../src/rpc/varlink/reply.js';
import { CommandError } from '../errors.js';
import { BridgedService } from './service.js';
import type { Stdio } from './stdio.js';
import { write } from './stdio.js';

const nul = Buffer.alloc(1);
const describing = `${orgVarlinkService.name}.GetInterfaceDescription`;

/** How often a caller that sends no more is looked after while it waits for a reply; milliseconds. */
const probeInterval = 1000;

/** The address of the service that has an interface; undefined if none is known. */
export type Route = (name: string) => string | undefined | Promise<string | undefined>;

/**
 * Passes calls on until there are no more. A call that was upgraded takes the whole bridge: from then on every byte
 * goes to and from its service.
 */
export class Router {
  readonly #route: Route;
  readonly #stdio: Stdio;
  readonly #calls: Reader;
  readonly #signal: AbortSignal;
  readonly #services = new Map<string, BridgedService>();
  #only: BridgedService | undefined;

  constructor(route: Route, stdio: Stdio, signal: AbortSignal) {
    this.#route = route;
    this.#stdio = stdio;
    this.#calls = new Reader(stdio.input, defaultLimits);
    this.#signal = signal;
  }

  /** Passes every call on to the service at an address, and ends with it. Throws {@link CommandError}. */
  async pin(address: string): Promise<void> {
    const service = await BridgedService.open(address, this.#signal);
    this.#services.set(address, service);
    this.#only = service;
    service.onEnd(() => this.#stdio.input.destroy());
  }

  /** Throws `ProtocolError` for what is no call, or {@link CommandError} when a service goes away. */
  async run(): Promise<void> {
    const watch = setInterval(() => this.#lookForCaller(), probeInterval);
    try {
      for (;;) {
        const bytes = await this.#calls.message();
        if (bytes === undefined) return;
        const taken = await this.#pass(bytes);
        if (taken === undefined) continue;
        clearInterval(watch);
        await taken.forward(this.#calls.bytes(), this.#stdio.output);
        return;
      }
    } finally {
      clearInterval(watch);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#services.values()].map((service) => service.close()));
  }

  /** Passes a call on and its replies back; gives the service if the connection is its alone now. */
  async #pass(bytes: Buffer): Promise<BridgedService | undefined> {
    const call = decodeCall(bytes, defaultLimits.depth);
    const name = interfaceOf(call);
    const service = await this.#serviceOf(name);
    if (service === undefined) {
      if (!call.oneway) await this.#answer(notFound(name));
      return undefined;
    }
    await service.writer.json('', bytes, '\0');
    if (call.oneway) return undefined;
    for (;;) {
      const answer = await service.reader.message();
      if (answer === undefined)
        throw new CommandError(`${call.method}: the service has closed the connection`);
      const reply = decodeReply(answer);
      await this.#answer(answer);
      if (!reply.continues) return call.upgrade && reply.error === undefined ? service : undefined;
    }
  }

  async #answer(message: Buffer): Promise<void> {
    await write(this.#stdio.output, Buffer.concat([message, nul]), this.#signal);
  }

  /** A connection to the service of an interface: the one that is open, or a new one. */
  async #serviceOf(name: string): Promise<BridgedService | undefined> {
    if (this.#only !== undefined) return this.#only;
    const address = await this.#route(name);
    if (address === undefined) return undefined;
    const known = this.#services.get(address);
    if (known?.open === true) return known;
    await known?.close();
    const service = await BridgedService.open(address, this.#signal);
    this.#services.set(address, service);
    return service;
  }

  /**
   * The end of the input may be all that is seen of a caller who is gone, for a pipe tells only those who write to it
   * that nobody reads. A blank between two messages means nothing.
   */
  #lookForCaller(): void {
    const { output } = this.#stdio;
    if (this.#calls.ended && !output.writableNeedDrain) output.write(' ');
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
  return Buffer.from(JSON.stringify({ error, parameters }));
}
