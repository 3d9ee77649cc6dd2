// What names are given, and images removed, with.
import type { Store } from '../../store/index.js';
import type { Environment } from '../configuration-paths.js';
import type { EventLog } from '../events/event-log.js';
import type { ImageList } from './image-list.js';
import type { ShortNames } from './resolve.js';

export interface ImageContext {
  readonly store: Store;
  readonly images: ImageList;
  readonly events: EventLog;
  readonly shortNames: ShortNames;
  /** Of the programs that own containers. */
  readonly environment: Environment;
  readonly warn: (message: string) => void;
}
