// All examples, by interface and method.
import { ioImaged } from '../../../src/generated/io-imaged.js';
import { ioPodman } from '../../../src/generated/io-podman.js';
import type { InterfaceDescriptor } from '../../../src/rpc/index.js';
import { changing } from './changing.js';
import { containers } from './containers.js';
import type { MethodExamples } from './example.js';
import { imaged } from './imaged.js';
import { moving } from './moving.js';
import { reading } from './reading.js';

export interface InterfaceExamples {
  readonly descriptor: InterfaceDescriptor;
  readonly methods: Readonly<Record<string, MethodExamples>>;
}

export const examples: readonly InterfaceExamples[] = [
  { descriptor: ioPodman, methods: { ...reading, ...changing, ...moving, ...containers } },
  { descriptor: ioImaged, methods: imaged },
];
