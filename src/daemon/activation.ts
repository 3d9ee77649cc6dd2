// Sockets that a service manager opened for us (varlink.md §9).

/** An inherited socket. */
export interface ActivatedSocket {
  readonly fd: number;
  readonly name: string;
}

const firstFd = 3;

/**
 * The inherited sockets that are ours: a single one whatever its name, of several those named `varlink`, `jsonrpc`,
 * `readonly` or `metrics`.
 * None when the variables are meant for another process.
 */
export function activatedSockets(
  environment: Readonly<Record<string, string | undefined>>,
  pid: number,
): readonly ActivatedSocket[] {
  if (environment['LISTEN_PID'] !== String(pid)) return [];
  const count = Number(environment['LISTEN_FDS'] ?? '0');
  if (!Number.isSafeInteger(count) || count <= 0 || count > 1024) return [];
  const names = (environment['LISTEN_FDNAMES'] ?? '').split(':');
  const sockets = Array.from({ length: count }, (_, index) => ({
    fd: firstFd + index,
    name: names[index] ?? '',
  }));
  return sockets.length === 1 ? sockets : sockets.filter(({ name }) => ours.has(name));
}

const ours: ReadonlySet<string> = new Set(['varlink', 'jsonrpc', 'readonly', 'metrics']);

/** Whether a socket is for JSON-RPC; any other speaks varlink. */
export function speaksJsonRpc({ name }: ActivatedSocket): boolean {
  return name === 'jsonrpc';
}

/** Whether a socket is for those who watch over the service. */
export function isForMetrics({ name }: ActivatedSocket): boolean {
  return name === 'metrics';
}

/** What a socket is for, whoever calls on it: one that is called `readonly` by its unit must not be more. */
export function roleOf({ name }: ActivatedSocket): 'read' | undefined {
  return name === 'readonly' ? 'read' : undefined;
}

/** The variables of the protocol; children must not see them. */
export const activationVariables = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES'] as const;
