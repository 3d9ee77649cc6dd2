// Everything the methods work on, opened when it is first needed.
import { arch } from 'node:os';
import { hostPlatform, type Platform } from '../oci/platform.js';
import type { Credentials, Registries } from '../registry/index.js';
import type { Store, StorageOptions } from '../store/index.js';
import { EventLog } from './events.js';
import { type Catalogue, ImageList } from './image-list.js';
import { LayerPool } from './layer-pool.js';
import { Operation, OperationTable } from './operation.js';
import { removeImage, type Removal } from './remove.js';

export type { StoredImage } from '../store/index.js';
