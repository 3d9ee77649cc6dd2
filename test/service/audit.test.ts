import { describe, expect, it } from '@jest/globals';
import { ioImaged } from '../../src/generated/io-imaged.js';
import { ImageNotFound, ioPodman } from '../../src/generated/io-podman.js';
import { ConnectionScope, unknownPeer, type AnsweredCall } from '../../src/rpc/index.js';
import { auditRecord, isChange, type AuditRecord } from '../../src/service/audit.js';
import { auditedMethods } from '../../src/service/audited.js';

function answered(method: string, parameters: unknown, rest: Partial<AnsweredCall> = {}): AnsweredCall {
  const signal = new AbortController().signal;
  return {
    call: { method, parameters, more: false, oneway: false, upgrade: false, door: 'jsonrpc' },
    context: {
      more: false,
      oneway: false,
      peer: { uid: 1000, gid: 100, pid: 42 },
      signal,
      connection: new ConnectionScope(),
    },
    duration: 12.3,
    ...rest,
  };
}

function asked(method: string, parameters: unknown): AuditRecord['asked'] {
  return auditRecord(answered(method, parameters)).asked;
}

describe('the audit trail', () => {
  it('has who, by which door, what, what of it, and how long', () => {
    const call = answered(
      'io.podman.PullImage',
      { name: 'a', creds: { username: 'u', password: 'secret' } },
      { reply: { reply: { logs: ['…'], id: 'abc' } } },
    );
    expect(isChange(call)).toBe(true);
    expect(auditRecord(call)).toEqual({
      audit: 'change',
      door: 'jsonrpc',
      uid: 1000,
      gid: 100,
      pid: 42,
      method: 'io.podman.PullImage',
      asked: { name: 'a' },
      got: { id: 'abc' },
      outcome: 'ok',
      milliseconds: 12,
    });
  });

  it('has only the name of a call that reads', () => {
    const call = answered('io.podman.GetImage', { id: 'a' }, { reply: { image: {} } });
    expect(isChange(call)).toBe(false);
    expect(auditRecord(call)).not.toHaveProperty('asked');
    expect(auditRecord(call)).toMatchObject({ audit: 'read', method: 'io.podman.GetImage' });
  });

  it('has no process for callers that nobody knows', () => {
    const { context, ...call } = answered('io.podman.GetImage', {});
    const record = auditRecord({ ...call, context: { ...context, peer: unknownPeer } });
    expect(Object.keys(record)).not.toEqual(expect.arrayContaining(['uid']));
  });

  it('has the error of a call that failed, and that its caller has left', () => {
    const error = new ImageNotFound('a', 'no such image');
    const call = answered('io.podman.TagImage', { name: 'a', tagged: 'b' }, { error });
    expect(auditRecord(call)).toMatchObject({ outcome: 'io.podman.ImageNotFound' });
    expect(auditRecord(call)).not.toHaveProperty('got');
    const context = { ...call.context, signal: AbortSignal.abort() };
    expect(auditRecord({ ...call, context })).toMatchObject({ outcome: 'left' });
  });

  it('takes whatever the parameters of a refused call are', () => {
    for (const parameters of [undefined, null, 1, 'text', [], { name: 1, tagged: { a: 1 } }])
      expect(asked('io.podman.TagImage', parameters)).toEqual({});
    expect(asked('io.podman.ImageSave', { options: null })).toEqual({});
    expect(asked('io.podman.ImageSave', { options: { name: 'a' } })).toEqual({ name: 'a' });
  });

  it.each([
    ['https://user:secret@host/a', 'https://…@host/a'],
    ['docker://user:secret@host/a@sha256:0', 'docker://…@host/a@sha256:0'],
    ['https://host/a?signature=secret', 'https://host/a?…'],
    [`https://user:${'secret'.repeat(1000)}@host/a`, '… (6020 characters)'],
    ['host/a@sha256:0', 'host/a@sha256:0'],
  ])('has no credentials (%#)', (name, written) => {
    expect(asked('io.podman.PullImage', { name })).toEqual({ name: written });
  });

  it('has no more of a list than its beginning', () => {
    const tags = Array.from({ length: 1000 }, (_, index) => `a:${index}`);
    expect(asked('io.podman.ExportImage', { tags })).toEqual({ tags: tags.slice(0, 16) });
  });

  it('knows only methods that there are', () => {
    const methods = [ioPodman, ioImaged].flatMap((descriptor) =>
      Object.keys(descriptor.methods).map((name) => `${descriptor.name}.${name}`),
    );
    expect(methods).toEqual(expect.arrayContaining([...auditedMethods.keys()]));
  });
});
