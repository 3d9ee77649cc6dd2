// The server of org.varlink.certification: it follows each client through the tests and compares every call.
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

import type { CallContext, Empty, Stream } from '../../src/rpc/index.js';
import { lastMoreReplies, replies } from './certification-values.js';
import type {
  MyType,
  OrgVarlinkCertificationService,
  Test05Reply,
  Test06Parameters,
  Test06Reply,
  Test07Parameters,
  Test08Reply,
  Test09Parameters,
} from './generated/org-varlink-certification.js';
import { CertificationError, ClientIdError } from './generated/org-varlink-certification.js';
import * as write from './generated/org-varlink-certification.write.js';

/** Clients that are followed at once; one more, and the oldest is forgotten. */
const maxClients = 1000;

/** A call as the client sent it, or should have. */
interface Call {
  readonly method: string;
  readonly parameters: object;
  readonly more?: true;
  readonly oneway?: true;
  readonly upgrade?: true;
}

/** The tests in their order, with what each is to be called with besides the client's id. */
const steps: readonly Call[] = [
  { method: 'Test01', parameters: {} },
  { method: 'Test02', parameters: replies.test01 },
  { method: 'Test03', parameters: replies.test02 },
  { method: 'Test04', parameters: replies.test03 },
  { method: 'Test05', parameters: replies.test04 },
  { method: 'Test06', parameters: replies.test05 },
  { method: 'Test07', parameters: replies.test06 },
  { method: 'Test08', parameters: replies.test07 },
  { method: 'Test09', parameters: replies.test08 },
  { method: 'Test10', parameters: replies.test09, more: true },
  { method: 'Test11', parameters: { last_more_replies: lastMoreReplies }, oneway: true },
  { method: 'End', parameters: {} },
];

interface Identified {
  readonly clientId: string;
}

/** Serves org.varlink.certification. A client that has failed a test is forgotten and has to start again. */
export class CertificationService implements OrgVarlinkCertificationService {
  /** The number of steps that each client has passed. */
  readonly #passed = new Map<string, number>();

  async start(_: Empty, call: CallContext): Promise<{ clientId: string }> {
    compare({ method: 'Start', parameters: {} }, arrived('Start', {}, call));
    for (const oldest of this.#passed.keys()) {
      if (this.#passed.size < maxClients) break;
      this.#passed.delete(oldest);
    }
    const clientId = randomUUID();
    this.#passed.set(clientId, 0);
    return { clientId };
  }

  async test01(params: Identified, call: CallContext): Promise<{ bool: boolean }> {
    this.#take(params, arrived('Test01', write.writeTest01Parameters(params), call));
    return replies.test01;
  }

  async test02(params: Identified & { readonly bool: boolean }, call: CallContext): Promise<{ int: number }> {
    this.#take(params, arrived('Test02', write.writeTest02Parameters(params), call));
    return replies.test02;
  }

  async test03(params: Identified & { readonly int: number }, call: CallContext): Promise<{ float: number }> {
    this.#take(params, arrived('Test03', write.writeTest03Parameters(params), call));
    return replies.test03;
  }

  async test04(
    params: Identified & { readonly float: number },
    call: CallContext,
  ): Promise<{ string: string }> {
    this.#take(params, arrived('Test04', write.writeTest04Parameters(params), call));
    return replies.test04;
  }

  async test05(params: Identified & { readonly string: string }, call: CallContext): Promise<Test05Reply> {
    this.#take(params, arrived('Test05', write.writeTest05Parameters(params), call));
    return replies.test05;
  }

  async test06(params: Test06Parameters, call: CallContext): Promise<Test06Reply> {
    this.#take(params, arrived('Test06', write.writeTest06Parameters(params), call));
    return replies.test06;
  }

  async test07(
    params: Test07Parameters,
    call: CallContext,
  ): Promise<{ map: Readonly<Record<string, string>> }> {
    this.#take(params, arrived('Test07', write.writeTest07Parameters(params), call));
    return replies.test07;
  }

  async test08(
    params: Identified & { readonly map: Readonly<Record<string, string>> },
    call: CallContext,
  ): Promise<Test08Reply> {
    this.#take(params, arrived('Test08', write.writeTest08Parameters(params), call));
    return replies.test08;
  }

  async test09(params: Test09Parameters, call: CallContext): Promise<{ mytype: MyType }> {
    this.#take(params, arrived('Test09', write.writeTest09Parameters(params), call));
    return replies.test09;
  }

  async *test10(
    params: Identified & { readonly mytype: MyType },
    call: CallContext,
  ): Stream<{ string: string }> {
    this.#take(params, arrived('Test10', write.writeTest10Parameters(params), call));
    for (const string of lastMoreReplies.slice(0, -1)) yield { string };
    return { string: lastMoreReplies.at(-1) ?? '' };
  }

  async test11(
    params: Identified & { readonly lastMoreReplies: readonly string[] },
    call: CallContext,
  ): Promise<Empty> {
    this.#take(params, arrived('Test11', write.writeTest11Parameters(params), call));
    return {};
  }

  async end(params: Identified, call: CallContext): Promise<{ allOk: boolean }> {
    this.#take(params, arrived('End', write.writeEndParameters(params), call));
    return { allOk: true };
  }

  /** Takes the client one step on; it is forgotten after the last, and when the call is not the one that is due. */
  #take({ clientId }: Identified, got: Call): void {
    const passed = this.#passed.get(clientId);
    const step = steps[passed ?? -1];
    if (passed === undefined || step === undefined) throw new ClientIdError();
    this.#passed.delete(clientId);
    compare({ ...step, parameters: { client_id: clientId, ...step.parameters } }, got);
    if (passed + 1 < steps.length) this.#passed.set(clientId, passed + 1);
  }
}

/** A call as it was sent, put together again. */
function arrived(method: string, parameters: object, { more, oneway, upgrade }: CallContext): Call {
  return {
    method,
    parameters,
    ...(more && { more }),
    ...(oneway && { oneway }),
    ...(upgrade !== undefined && { upgrade: true }),
  };
}

/** Throws {@link CertificationError} unless the calls are the same; absent and null are, and 1 and 1.0. */
function compare(wanted: Call, found: Call): void {
  const [wants, got] = [onTheWire(wanted), onTheWire(found)];
  if (!isDeepStrictEqual(wants, got)) throw new CertificationError(wants, got);
}

function onTheWire(call: Call): Readonly<Record<string, unknown>> {
  const method = `org.varlink.certification.${call.method}`;
  return JSON.parse(JSON.stringify({ ...call, method })) as Record<string, unknown>;
}
