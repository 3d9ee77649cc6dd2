// What org.varlink.service answers. The interface is served like any other.
import type { Dispatcher } from './dispatch.js';
import { InterfaceNotFound } from './standard-errors.js';

/** Who the service says it is. */
export interface Identity {
  readonly vendor: string;
  readonly product: string;
  readonly version: string;
  readonly url: string;
}

/** Provides org.varlink.service for all interfaces of a dispatcher: serve it with the generated descriptor. */
export class Introspection {
  readonly #identity: Identity;
  readonly #dispatcher: Dispatcher;
  constructor(identity: Identity, dispatcher: Dispatcher) {
    this.#identity = identity;
    this.#dispatcher = dispatcher;
  }

  // oxlint-disable-next-line typescript/require-await -- the shape of a method
  async getInfo(): Promise<Identity & { interfaces: string[] }> {
    const interfaces = this.#dispatcher.interfaces().map((descriptor) => descriptor.name);
    return { ...this.#identity, interfaces };
  }

  // oxlint-disable-next-line typescript/require-await -- the shape of a method
  async getInterfaceDescription(params: { readonly interface: string }): Promise<{ description: string }> {
    const found = this.#dispatcher.interfaces().find((descriptor) => descriptor.name === params.interface);
    if (found === undefined) throw new InterfaceNotFound(params.interface);
    return { description: found.description };
  }
}
