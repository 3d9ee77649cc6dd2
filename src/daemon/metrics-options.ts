// The option that says where metrics and health can be asked for.
import { AddressError, parseAddress } from '../rpc/address.js';
import { UsageError } from './usage-error.js';

export interface MetricsFlags {
  readonly metrics?: readonly string[] | undefined;
}

export const metricsFlags = { metrics: { type: 'string', multiple: true } } as const;

export const metricsUsage = `  --metrics ADDR           answer /metrics, /healthz and /readyz over HTTP here: unix:PATH or tcp:127.0.0.1:PORT, without
                           being kept from idling by it (repeatable)
`;

/** The addresses. Throws {@link UsageError}. */
export function readMetricsAddresses({ metrics = [] }: MetricsFlags): readonly string[] {
  for (const text of metrics) {
    try {
      const { kind, role } = parseAddress(text);
      // Nothing keeps others from a name, and HTTP does not ask who they are.
      if (role !== undefined)
        throw new UsageError(`--metrics ${text}: whoever may connect may read; it has no role`);
      if (kind !== 'unix' && kind !== 'tcp')
        throw new UsageError(`--metrics ${text}: expected unix:PATH or tcp:127.0.0.1:PORT`);
    } catch (error) {
      if (error instanceof AddressError) throw new UsageError(`--metrics: ${error.message}`);
      throw error;
    }
  }
  return metrics;
}
