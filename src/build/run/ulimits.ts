// Limits of what a process may use.
import { readFileSync } from 'node:fs';
import { hasCapability } from './capabilities.js';
import { RunRequestError } from './errors.js';

/** A number, or none. */
export type LimitValue = number | 'unlimited';

export interface Rlimit {
  /** `RLIMIT_NOFILE`. */
  readonly type: string;
  readonly soft: LimitValue;
  readonly hard: LimitValue;
}

/** The names of flags, and those of /proc/self/limits. */
const names: Readonly<Record<string, string>> = {
  core: 'core file size',
  cpu: 'cpu time',
  data: 'data size',
  fsize: 'file size',
  locks: 'file locks',
  memlock: 'locked memory',
  msgqueue: 'msgqueue size',
  nice: 'nice priority',
  nofile: 'open files',
  nproc: 'processes',
  rss: 'resident set',
  rtprio: 'realtime priority',
  rttime: 'realtime timeout',
  sigpending: 'pending signals',
  stack: 'stack size',
};

/**
 * Reads `NAME=SOFT[:HARD]`; -1 is unlimited. Who may not raise limits gives away no more than he has, and `warn` is told.
 * Throws {@link RunRequestError}.
 */
export function parseUlimit(text: string, warn: (warning: string) => void): Rlimit {
  const found = /^([a-z]+)=(-1|unlimited|\d{1,15})(?::(-1|unlimited|\d{1,15}))?$/.exec(text);
  const [, name = '', softText = '', hardText = softText] = found ?? [];
  const label = Object.hasOwn(names, name) ? names[name] : undefined;
  if (label === undefined) throw new RunRequestError(`limit ${JSON.stringify(text)} is not NAME=SOFT[:HARD]`);
  const soft = valueOf(softText);
  const hard = valueOf(hardText);
  if (isAbove(soft, hard)) throw new RunRequestError(`limit ${text}: the soft one is above the hard one`);
  const most = hasCapability('CAP_SYS_RESOURCE') ? 'unlimited' : ownHardLimit(label);
  if (isAbove(hard, most)) warn(`limit ${text} is lowered to ${most}, the most that this service may have`);
  return { type: `RLIMIT_${name.toUpperCase()}`, soft: lower(soft, most), hard: lower(hard, most) };
}

function valueOf(text: string): LimitValue {
  return text === '-1' || text === 'unlimited' ? 'unlimited' : Number(text);
}

function isAbove(one: LimitValue, other: LimitValue): boolean {
  return other !== 'unlimited' && (one === 'unlimited' || one > other);
}

function lower(value: LimitValue, most: LimitValue): LimitValue {
  return isAbove(value, most) ? most : value;
}

function ownHardLimit(label: string): LimitValue {
  const limits = readFileSync('/proc/thread-self/limits', 'latin1');
  const found = new RegExp(`^Max ${label} +\\S+ +(\\S+)`, 'm').exec(limits);
  return valueOf(found?.[1] ?? 'unlimited');
}
