// What every copy of one daemon works with.
import type { Platform } from '../../oci/platform.js';
import type { ConfigurationPaths } from '../configuration-paths.js';
import type { EventLog } from '../events/event-log.js';
import type { TransportContext } from '../transports.js';

export interface CopyContext extends TransportContext {
  readonly paths: ConfigurationPaths;
  /** This machine. */
  readonly platform: Platform;
  readonly events: EventLog;
}
