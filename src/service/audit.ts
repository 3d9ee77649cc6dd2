// What is written down of a call: who, by which door, what, and what came of it (docs/audit.md).
import { PermissionDenied, type AnsweredCall } from '../rpc/index.js';
import { auditedMethods } from './audited.js';

/** One line of the audit trail, without its time. */
export interface AuditRecord {
  readonly audit: 'change' | 'read';
  readonly door: string;
  /** The caller's process; absent where the socket cannot tell, as with TCP. */
  readonly uid?: number;
  readonly gid?: number;
  readonly pid?: number;
  readonly method: string;
  readonly asked?: object;
  readonly got?: object;
  /** `ok`, `left` where the caller went away before the end, or the error's full name. */
  readonly outcome: string;
  readonly milliseconds: number;
}

/** Of longer values only the length is written: cut, they could end in the middle of a password. Characters. */
const longestText = 512;
/** Of longer lists only the beginning is written. */
const longestList = 16;

/** Does the call change something or hand something out, or was it one that its caller may not make? */
export function isChange({ call, error }: AnsweredCall): boolean {
  return auditedMethods.has(call.method) || error instanceof PermissionDenied;
}

export function auditRecord(answered: AnsweredCall): AuditRecord {
  const { call, context, reply, duration } = answered;
  const audited = auditedMethods.get(call.method);
  const { uid, gid, pid } = context.peer;
  return {
    audit: audited === undefined ? 'read' : 'change',
    door: call.door,
    ...(uid >= 0 && { uid, gid, pid }),
    method: withoutSecrets(call.method),
    ...(audited !== undefined && { asked: pick(call.parameters, audited.asked) }),
    ...(audited !== undefined && reply !== undefined && { got: pick(reply, audited.got) }),
    outcome: outcomeOf(answered),
    milliseconds: Math.round(duration),
  };
}

function outcomeOf({ error, context }: AnsweredCall): string {
  if (error === undefined) return 'ok';
  return context.signal.aborted ? 'left' : error.error;
}

/** The values behind the paths, each under its last name; what is not there, or empty, is left out. */
function pick(from: unknown, paths: readonly string[]): object {
  return Object.fromEntries(
    paths.flatMap((path) => {
      const value = written(valueAt(from, path.split('.')));
      return value === undefined ? [] : [[path.slice(path.lastIndexOf('.') + 1), value]];
    }),
  );
}

/** The parameters of a call that was refused may be anything. */
function valueAt(from: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, name) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, name)
        ? (value as Record<string, unknown>)[name]
        : undefined,
    from,
  );
}

function written(value: unknown): string | boolean | readonly string[] | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return value === '' ? undefined : withoutSecrets(value);
  if (!Array.isArray(value)) return undefined;
  const texts = value.filter((item) => typeof item === 'string').slice(0, longestList);
  return texts.length === 0 ? undefined : texts.map(withoutSecrets);
}

/** Addresses may have a password in front of the host, or a signature in their query. */
function withoutSecrets(text: string): string {
  if (text.length > longestText) return `… (${text.length} characters)`;
  return text.replace(/:\/\/[^/\s]*@/g, '://…@').replace(/(:\/\/[^?\s]*)\?.*/s, '$1?…');
}
