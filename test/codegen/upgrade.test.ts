// Methods that take the connection over, through generated code.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { OrgExampleFlagsService } from './golden/org-example-flags.js';
import { OrgExampleFlagsClient, orgExampleFlags } from './golden/org-example-flags.js';
import type { Connection, RawConnection } from '../../src/rpc/index.js';
import { connect } from '../../src/rpc/varlink/index.js';
import type { Running } from '../protocol/serve.js';
import { serve } from '../protocol/serve.js';

const service: Pick<OrgExampleFlagsService, 'talk' | 'handOver'> = {
  talk: async (_, call) => {
    call.upgrade?.(async (connection) => await connection.write(Buffer.from('over')));
    return { protocol: call.upgrade === undefined ? 'varlink' : 'raw' };
  },
  handOver: async (_, call) => {
    call.upgrade?.(async (connection) => {
      for await (const bytes of connection.read(4)) await connection.write(bytes);
    });
    return { protocol: 'echo' };
  },
};

async function text(raw: RawConnection): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of raw.read(4)) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe('a generated method that upgrades', () => {
  let running: Running;
  let connection: Connection;
  let client: OrgExampleFlagsClient;

  beforeEach(async () => {
    running = await serve([[orgExampleFlags, service]]);
    connection = await connect(running.address);
    client = new OrgExampleFlagsClient(connection);
  });

  afterEach(async () => {
    await connection.close();
    await running[Symbol.asyncDispose]();
  });

  it('hands the connection over and takes it back', async () => {
    const { reply, raw, release } = await client.handOverUpgrade({});
    expect(reply).toEqual({ protocol: 'echo' });
    await raw.write(Buffer.from('ping'));
    expect(await text(raw)).toBe('ping');
    release();
    expect(await client.talk({})).toEqual({ protocol: 'varlink' });
  });

  it('is a plain call or a takeover where it supports both', async () => {
    expect(await client.talk({})).toEqual({ protocol: 'varlink' });
    const { reply, raw, release } = await client.talkUpgrade({});
    expect(reply).toEqual({ protocol: 'raw' });
    expect(await text(raw)).toBe('over');
    release();
    expect(await client.talk({})).toEqual({ protocol: 'varlink' });
  });
});
