// The events that clients of the original can read: their stream ends with an error at the first one of another kind.
import type { Event } from './event.js';

const types: ReadonlySet<string> = new Set(['container', 'image', 'pod', 'system', 'volume']);
const statuses: ReadonlySet<string> = new Set([
  'attach',
  'checkpoint',
  'cleanup',
  'commit',
  'create',
  'died',
  'exec',
  'export',
  'history',
  'import',
  'init',
  'kill',
  'loadfromarchive',
  'mount',
  'pause',
  'prune',
  'pull',
  'push',
  'refresh',
  'remove',
  'renumber',
  'restart',
  'restore',
  'save',
  'start',
  'stop',
  'sync',
  'tag',
  'unmount',
  'unpause',
  'untag',
]);

/** Did Podman 1.9 know events of this type and status? */
export function isOriginal({ type, status }: Event): boolean {
  return types.has(type) && statuses.has(status);
}
