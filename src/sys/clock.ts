// The time of day to the nanosecond, which Date does not have.
import { check, declare } from './libc.js';

const clockRealtime = 0;
const clockGettime = declare('int clock_gettime(int clock, void *time)');

/** Nanoseconds since 1970. */
export function wallClock(): bigint {
  const time = Buffer.alloc(16);
  check(clockGettime(clockRealtime, time), 'clock_gettime', 'CLOCK_REALTIME');
  return time.readBigInt64LE(0) * 1_000_000_000n + time.readBigInt64LE(8);
}
