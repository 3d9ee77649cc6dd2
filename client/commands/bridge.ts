// imagectl bridge: stands between its standard input and output and services, for callers on other hosts.
import type { Command } from 'commander';
import { noArguments } from '../arguments.js';
import { addressOf } from '../bridge/lookup.js';
import { Router } from '../bridge/router.js';
import type { Context } from '../context.js';
import { ioImaged } from '../../src/generated/io-imaged.js';
import { ioPodman } from '../../src/generated/io-podman.js';
import { orgVarlinkService } from '../../src/generated/org-varlink-service.js';

const ownInterfaces: ReadonlySet<string> = new Set([ioPodman.name, ioImaged.name, orgVarlinkService.name]);

interface BridgeOptions {
  readonly connect?: string;
}

export function defineBridge(command: Command, context: Context): void {
  command
    .description('Pass varlink calls on from standard input to services, and replies back to standard output')
    .option('--connect <address>', 'The service of all calls (default: that of the interface of each)')
    .argument('[argument...]')
    .action((words: string[], options: BridgeOptions) => bridge(context, words, options));
}

async function bridge(context: Context, words: readonly string[], options: BridgeOptions): Promise<void> {
  noArguments('bridge', words);
  const { address, lookup, signal } = context;
  const stdio = context.stdio();
  const route = (name: string): string | Promise<string | undefined> =>
    ownInterfaces.has(name) ? address : addressOf(name, lookup);
  const router = new Router(route, stdio, signal);
  try {
    if (options.connect !== undefined) await router.pin(options.connect);
    await router.run();
  } finally {
    // What was not read is for nobody; the process would wait for it.
    stdio.input.destroy();
    await router.close();
  }
  signal.throwIfAborted();
}
