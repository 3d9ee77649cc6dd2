// What org.example.probe does: everything a runtime has to get right, one method each.
import { setTimeout as sleep } from 'node:timers/promises';

import type { CallContext, Empty, Stream } from '../../src/rpc/index.js';
import { InvalidParameter, PermissionDenied } from '../../src/rpc/index.js';
import type {
  Color,
  Everything,
  ForeverReply,
  OrgExampleProbeService,
  StreamReply,
} from './generated/org-example-probe.js';
import { Failed, UpgradeRequired } from './generated/org-example-probe.js';

/** Characters of one payload: a reply stays below what a peer takes as a message. */
const maxPayload = 8 * 1024 * 1024;

/** What a timer can wait; milliseconds. */
const maxSleep = 2 ** 31 - 1;

/** Serves org.example.probe. There is no `unimplemented`: that is what its caller is to be told. */
export class ProbeService implements Omit<OrgExampleProbeService, 'unimplemented'> {
  #running = 0;
  #counter = 0;

  async echoInt(params: { readonly value: number }): Promise<{ value: number }> {
    return params;
  }

  async echoFloat(params: { readonly value: number }): Promise<{ value: number }> {
    return params;
  }

  async echoString(params: { readonly value: string }): Promise<{ value: string }> {
    return params;
  }

  async echoObject(params: {
    readonly value: Readonly<Record<string, unknown>>;
  }): Promise<{ value: Readonly<Record<string, unknown>> }> {
    return params;
  }

  async echoColor(params: { readonly value: Color }): Promise<{ value: Color }> {
    return params;
  }

  async echoNullable(params: {
    readonly value?: string | undefined;
  }): Promise<{ value?: string | undefined }> {
    return params;
  }

  async echoEverything(params: { readonly value: Everything }): Promise<{ value: Everything }> {
    return params;
  }

  async *stream(params: { readonly count: number; readonly size: number }): Stream<StreamReply> {
    const { count, size } = params;
    if (count < 1) throw new InvalidParameter('count');
    if (size < 0 || size > maxPayload) throw new InvalidParameter('size');
    const payload = 'x'.repeat(size);
    for (let index = 0; index < count - 1; index++) yield { index, payload };
    return { index: count - 1, payload };
  }

  async *forever(_: Empty, call: CallContext): Stream<ForeverReply> {
    if (!call.more) return { index: 0 };
    this.#running += 1;
    try {
      for (let index = 0; ; index++) {
        yield { index };
        await sleep(1, undefined, { signal: call.signal });
      }
    } finally {
      this.#running -= 1;
    }
  }

  async foreverCount(): Promise<{ running: number }> {
    return { running: this.#running };
  }

  async sleep({ milliseconds }: { readonly milliseconds: number }, call: CallContext): Promise<Empty> {
    if (milliseconds < 0 || milliseconds > maxSleep) throw new InvalidParameter('milliseconds');
    await sleep(milliseconds, undefined, { signal: call.signal });
    return {};
  }

  async increment(): Promise<Empty> {
    this.#counter += 1;
    return {};
  }

  async counter(): Promise<{ value: number }> {
    return { value: this.#counter };
  }

  async fail(params: { readonly code: number; readonly message?: string | undefined }): Promise<Empty> {
    throw new Failed(params.code, params.message);
  }

  async crash(): Promise<Empty> {
    throw new TypeError('this is what an accident looks like');
  }

  async forbidden(): Promise<Empty> {
    throw new PermissionDenied();
  }

  async upgrade(_: Empty, call: CallContext): Promise<{ protocol: string }> {
    if (call.upgrade === undefined) throw new UpgradeRequired();
    call.upgrade(async (raw) => {
      for await (const bytes of raw.read()) await raw.write(upperCase(bytes));
      raw.end();
    });
    return { protocol: 'upper' };
  }
}

/** Letters of ASCII alone; every other byte stays, whatever encoding it belongs to. */
function upperCase(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => (byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte));
}
