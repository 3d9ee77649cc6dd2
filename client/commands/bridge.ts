// imagectl bridge: stands between its standard input and output and services, for callers on other hosts.
import type { Command } from 'commander';
import { noArguments } from '../arguments.js';
import { Router } from '../bridge/router.js';
import { BridgedService } from '../bridge/service.js';
import type { Stdio } from '../bridge/stdio.js';
import type { Context } from '../context.js';

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
  const stdio = context.stdio();
  try {
    if (options.connect === undefined) await byInterface(context, stdio);
    else await toOne(context, options.connect, stdio);
  } finally {
    // What was not read is for nobody; the process would wait for it.
    stdio.input.destroy();
  }
  context.signal.throwIfAborted();
}

async function byInterface({ address, lookup, signal }: Context, stdio: Stdio): Promise<void> {
  const router = new Router({ own: address, lookup }, signal);
  try {
    await router.run(stdio);
  } finally {
    await router.close();
  }
}

async function toOne({ signal }: Context, address: string, { input, output }: Stdio): Promise<void> {
  const service = await BridgedService.open(address, signal);
  try {
    await service.forward(input, output);
  } finally {
    await service.close();
  }
}
