// `npm run bench -- rpc`: the probe server against the same service on Go's varlink, asked by the same client.
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { temporaryDirectory } from '../interop/support/files.js';
import { buildGoProbe } from '../interop/support/go-program.js';
import { output } from '../interop/support/process.js';
import { startServer } from '../interop/support/server-process.js';
import type { LoadReport, Plan, Target } from './rpc-load.js';

export interface RpcReport extends LoadReport {
  readonly rounds: number;
  readonly targets: readonly string[];
}

/** How the tables call those that are compared. */
export const rpcNames = { own: 'imaged', go: 'Go', jsonRpc: 'imaged, JSON-RPC' } as const;

/** Milliseconds of each measurement. */
const duration = 150;

export async function benchRpc(rounds: number, cache: string): Promise<RpcReport> {
  const directory = await temporaryDirectory('bench-rpc', cache);
  try {
    await mkdir(join(directory, 'go'));
    const goProgram = await buildGoProbe(join(directory, 'go'));
    const here = dirname(fileURLToPath(import.meta.url));
    const probe = join(here, '..', 'proof', 'probe-server.js');
    const ownAddress = `unix:${join(directory, 'own.sock')}`;
    const goAddress = `unix:${join(directory, 'go.sock')}`;
    const jsonRpcAddress = `unix:${join(directory, 'jsonrpc.sock')}`;
    await using ours = await startServer(ownAddress, process.execPath, [probe, ownAddress]);
    await using jsonRpc = await startServer(jsonRpcAddress, process.execPath, [
      probe,
      `jsonrpc+${jsonRpcAddress}`,
    ]);
    await using go = await startServer(goAddress, goProgram, ['server', goAddress]);
    const targets: Target[] = [
      { name: rpcNames.own, door: 'varlink', address: ownAddress, pid: ours.pid },
      { name: rpcNames.go, door: 'varlink', address: goAddress, pid: go.pid },
      { name: rpcNames.jsonRpc, door: 'jsonrpc', address: jsonRpcAddress, pid: jsonRpc.pid },
    ];
    const plan: Plan = { targets, rounds, duration };
    const args = [join(here, 'rpc-load.js'), JSON.stringify(plan)];
    const report = JSON.parse(await output(process.execPath, args)) as LoadReport;
    return { ...report, rounds, targets: targets.map(({ name }) => name) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
