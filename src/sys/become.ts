// Turning this process into another program with fewer rights, for good: what a runtime does last.
import { declare, lastErrno, SystemError } from './libc.js';

const libcSetSid = declare('int setsid()');
const libcUnshare = declare('int unshare(int flags)');
const libcSetHostName = declare('int sethostname(const char* name, size_t length)');
const libcSocket = declare('int socket(int domain, int type, int protocol)');
const libcIoctl = declare('int ioctl(int fd, unsigned long request, void* value)');
const libcClose = declare('int close(int fd)');
const libcPrctl = declare(
  'int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)',
);
const libcSetGroups = declare('int setgroups(size_t count, const uint32_t* groups)');
const libcSetGid = declare('int setresgid(uint32_t real, uint32_t effective, uint32_t saved)');
const libcSetUid = declare('int setresuid(uint32_t real, uint32_t effective, uint32_t saved)');
const libcCapset = declare('int capset(const void* header, const void* data)');
const libcSetRlimit = declare('int prlimit64(int pid, int resource, const uint64_t* limit, void* old)');
const libcSignal = declare('void* signal(int number, intptr_t action)');
const libcSigEmptySet = declare('int sigemptyset(void* set)');
const libcSigProcMask = declare('int pthread_sigmask(int how, const void* set, void* old)');
const libcCloseRange = declare(
  'intptr_t syscall(intptr_t number, unsigned int first, unsigned int last, unsigned int flags)',
);
const libcFcntl = declare('int fcntl(int fd, int command, int flags)');
const libcExecve = declare('int execve(const char* path, const char** args, const char** env)');

const CLONE_NEWCGROUP = 0x2000000;
const CLONE_NEWUTS = 0x4000000;
const CLONE_NEWIPC = 0x8000000;
const CLONE_NEWNET = 0x40000000;
const AF_INET = 2;
const SOCK_DGRAM = 2;
const SIOCSIFFLAGS = 0x8914;
const IFF_UP = 1;
const IFREQ_BYTES = 40;
const IFNAME_BYTES = 16;
const PR_CAPBSET_DROP = 24;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
const CAPABILITY_VERSION = 0x20080522;
const MOST_SIGNALS = 64;
const SIG_SETMASK = 2;
const F_SETFD = 2;
const SYS_CLOSE_RANGE = 436;
const CLOSE_RANGE_CLOEXEC = 4;

/** Resources by their names, as the kernel numbers them. */
const resources =
  `CPU FSIZE DATA STACK CORE RSS NPROC NOFILE MEMLOCK AS LOCKS SIGPENDING MSGQUEUE NICE RTPRIO RTTIME`.split(
    ' ',
  );

function must(result: number, call: string, what: string): void {
  if (result < 0) throw new SystemError(lastErrno(), call, what);
}

/** Gives this process a session, a host name and messages of its own; and with `network` a network with nothing but the loopback. */
export function leaveHost(hostName: string, network: boolean): void {
  // Signals to a process group reach those of it that are in other namespaces, too.
  must(libcSetSid(), 'setsid', 'session');
  must(libcUnshare(CLONE_NEWUTS | CLONE_NEWIPC | (network ? CLONE_NEWNET : 0)), 'unshare', 'namespaces');
  // Linux before 4.6 has none.
  libcUnshare(CLONE_NEWCGROUP);
  must(libcSetHostName(hostName, Buffer.byteLength(hostName)), 'sethostname', hostName);
  if (network) raiseLoopback();
}

function raiseLoopback(): void {
  const socket: number = libcSocket(AF_INET, SOCK_DGRAM, 0);
  must(socket, 'socket', 'lo');
  const request = Buffer.alloc(IFREQ_BYTES);
  request.write('lo', 'latin1');
  request.writeInt16LE(IFF_UP, IFNAME_BYTES);
  const result: number = libcIoctl(socket, SIOCSIFFLAGS, request);
  libcClose(socket);
  must(result, 'ioctl', 'lo');
}

/** `RLIMIT_…`; numbers of 64 bits. */
export function setLimit(type: string, soft: bigint, hard: bigint): void {
  const resource = resources.indexOf(type.replace(/^RLIMIT_/, ''));
  must(libcSetRlimit(0, resource, BigUint64Array.of(soft, hard), null), 'prlimit', type);
}

/** Who a process becomes. Numbers of capabilities. */
export interface Rights {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly bounding: readonly number[];
  readonly effective: readonly number[];
  readonly noNewPrivileges: boolean;
}

/** `filter` is called when nothing that needs rights is left but giving them up. */
export function dropRights(rights: Rights, lastCapability: number, filter: () => void): void {
  for (let capability = 0; capability <= lastCapability; capability++) {
    if (!rights.bounding.includes(capability))
      must(libcPrctl(PR_CAPBSET_DROP, capability, 0, 0, 0), 'prctl', 'bounding set');
  }
  libcPrctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  must(libcSetGroups(rights.groups.length, Uint32Array.from(rights.groups)), 'setgroups', 'groups');
  if (rights.noNewPrivileges) must(libcPrctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 'prctl', 'no new privileges');
  filter();
  must(libcSetGid(rights.gid, rights.gid, rights.gid), 'setresgid', String(rights.gid));
  must(libcSetUid(rights.uid, rights.uid, rights.uid), 'setresuid', String(rights.uid));
  setCapabilities(rights.effective);
}

function setCapabilities(effective: readonly number[]): void {
  const header = Uint32Array.of(CAPABILITY_VERSION, 0);
  let set = 0n;
  for (const capability of effective) set |= 1n << BigInt(capability);
  const low = Number(set & 0xffff_ffffn);
  const high = Number(set >> 32n);
  // struct __user_cap_data_struct twice: effective, permitted, inheritable.
  must(libcCapset(header, Uint32Array.of(low, low, 0, high, high, 0)), 'capset', 'capabilities');
}

/** Becomes the program at `path`; nothing but the three standard streams is left open. Returns only to throw SystemError. */
export function become(path: string, args: readonly string[], env: readonly string[]): never {
  for (let signal = 1; signal <= MOST_SIGNALS; signal++) libcSignal(signal, 0);
  const none = Buffer.alloc(128);
  libcSigEmptySet(none);
  libcSigProcMask(SIG_SETMASK, none, null);
  libcCloseRange(SYS_CLOSE_RANGE, 3, 0xffff_ffff, CLOSE_RANGE_CLOEXEC);
  // Node keeps its streams to itself.
  for (const stream of [0, 1, 2]) libcFcntl(stream, F_SETFD, 0);
  libcExecve(path, [...args, null], [...env, null]);
  throw new SystemError(lastErrno(), 'execve', path);
}
