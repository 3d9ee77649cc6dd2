// What is written down of a call: who, by which door, what, and what came of it (docs/audit.md).
import { PermissionDenied, type AnsweredCall } from '../rpc/index.js';
import type { Operation } from '../runtime/operation.js';
import { auditedMethods } from './audited.js';
import { withoutSecrets } from './secrets.js';

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
  /** There if the call was one of those that take their time. */
  readonly operation?: OperationRecord;
  /** `ok`, `left` where the caller went away before the end, or the error's full name. */
  readonly outcome: string;
  /** What the caller was told when it failed. */
  readonly error?: string;
  readonly milliseconds: number;
}

/** How far a pull, a build or the like has come. */
export interface OperationRecord {
  readonly id: string;
  readonly kind: string;
  readonly target: string;
  /** The last one it was in before it ended. */
  readonly phase: string;
  readonly blobs: number;
  /** Bytes that were transferred. */
  readonly moved: number;
  /** Bytes that need not be, since they were there. */
  readonly skipped: number;
}

/** Of longer values only the length is written: cut, they could end in the middle of a password. Characters. */
const longestText = 512;
/** Of longer lists only the beginning is written. */
const longestList = 16;

/** Does the call change something or hand something out, or was it one that its caller may not make? */
export function isChange({ call, error }: AnsweredCall): boolean {
  return auditedMethods.has(call.method) || error instanceof PermissionDenied;
}

/** `operation` is the one that the call has started. */
export function auditRecord(answered: AnsweredCall, operation?: Operation): AuditRecord {
  const { call, context, reply, error, duration } = answered;
  const audited = auditedMethods.get(call.method);
  const { uid, gid, pid } = context.peer;
  return {
    audit: audited === undefined ? 'read' : 'change',
    door: call.door,
    ...(uid >= 0 && { uid, gid, pid }),
    method: shortened(call.method),
    ...(audited !== undefined && { asked: pick(call.parameters, audited.asked) }),
    ...(audited !== undefined && reply !== undefined && { got: pick(reply, audited.got) }),
    ...(operation !== undefined && { operation: operationRecord(operation) }),
    outcome: outcomeOf(answered),
    ...(audited !== undefined && error !== undefined && { error: shortened(error.message) }),
    milliseconds: Math.round(duration),
  };
}

/** The same in one line for people. */
export function auditMessage({ method, asked = {}, outcome, error, milliseconds }: AuditRecord): string {
  const about = Object.entries(asked).map(([key, value]) => ` ${key}=${String(value)}`);
  return `${method}${about.join('')}: ${error ?? outcome} (${milliseconds} ms)`;
}

function operationRecord({ id, kind, target, reached, blobs }: Operation): OperationRecord {
  const bytes = transferred(blobs);
  return { id, kind, target: shortened(target), phase: reached, blobs: blobs.length, ...bytes };
}

/** The bytes of blobs that were transferred, and of those that were there already. */
export function transferred(blobs: Operation['blobs']): { readonly moved: number; readonly skipped: number } {
  let [moved, skipped] = [0, 0];
  for (const { state, done } of blobs) {
    if (state === 'exists') skipped += done;
    else moved += done;
  }
  return { moved, skipped };
}

export function outcomeOf({ error, context }: AnsweredCall): string {
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
  if (typeof value === 'string') return value === '' ? undefined : shortened(value);
  if (!Array.isArray(value)) return undefined;
  const texts = value.filter((item) => typeof item === 'string').slice(0, longestList);
  return texts.length === 0 ? undefined : texts.map(shortened);
}

function shortened(text: string): string {
  return text.length > longestText ? `… (${text.length} characters)` : withoutSecrets(text);
}
