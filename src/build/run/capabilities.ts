// Linux capabilities by name (build.md, How RUN is run).
import { readFileSync } from 'node:fs';
import { RunRequestError } from './errors.js';

/** By their numbers. */
const names =
  `CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST
NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE
SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM
BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE`.split(/\s+/);

const defaults =
  'CHOWN DAC_OVERRIDE FOWNER FSETID KILL NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  );

/**
 * The capabilities of a RUN, `CAP_…`, in the order of their numbers; of those only what this process may give away.
 * Names come with or without `CAP_`, in any case, and `ALL`. Throws {@link RunRequestError} for one that does not exist.
 */
export function capabilitiesOf(
  add: readonly string[],
  drop: readonly string[],
  insecure: boolean,
): readonly string[] {
  const wanted = new Set([...(insecure ? names : defaults), ...add.flatMap(parse)]);
  for (const name of drop.flatMap(parse)) wanted.delete(name);
  const bounding = boundingSet();
  return names
    .filter((name, number) => wanted.has(name) && ((bounding >> BigInt(number)) & 1n) === 1n)
    .map((name) => `CAP_${name}`);
}

/** The number of a `CAP_…`; undefined for what is none. */
export function capabilityNumber(name: string): number | undefined {
  const number = names.indexOf(name.replace(/^CAP_/, ''));
  return number < 0 ? undefined : number;
}

/** Whether this process has a capability now. */
export function hasCapability(name: string): boolean {
  const number = capabilityNumber(name);
  return number !== undefined && ((capabilitySet('CapEff') >> BigInt(number)) & 1n) === 1n;
}

function parse(text: string): readonly string[] {
  const name = text.toUpperCase().replace(/^CAP_/, '');
  if (name === 'ALL') return names;
  if (!names.includes(name)) throw new RunRequestError(`unknown capability ${JSON.stringify(text)}`);
  return [name];
}

function boundingSet(): bigint {
  return capabilitySet('CapBnd');
}

function capabilitySet(field: string): bigint {
  const digits = new RegExp(`^${field}:\\s*([0-9a-f]+)$`, 'm').exec(
    readFileSync('/proc/thread-self/status', 'latin1'),
  );
  return BigInt(`0x${digits?.[1] ?? '0'}`);
}
