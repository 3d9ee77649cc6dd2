// imaged: reads what it is told, opens its sockets, says that it is ready, and ends in order.
import { orgVarlinkService } from '../generated/org-varlink-service.js';
import { Dispatcher, Introspection, type AnsweredCall } from '../rpc/index.js';
import { linkInterfaces } from '../rpc/registry-links.js';
import { messageOf } from '../runtime/errors.js';
import type { OperationTable } from '../runtime/operation.js';
import { TlsAcceptor } from '../rpc/tls-acceptor.js';
import { Runtime } from '../runtime/runtime.js';
import { auditMessage, auditRecord, isChange } from '../service/audit.js';
import { serveInterfaces } from '../service/index.js';
import { returnBlocksFrom } from '../sys/allocator.js';
import { notify } from '../sys/notify.js';
import { Access, exposures } from './access.js';
import { AccessFileError } from './access-file.js';
import { Doors } from './doors.js';
import { IdleTimer } from './idle.js';
import { createLog, type Log } from './log.js';
import { logSink } from './log-sink.js';
import { readProcess, usage, type DaemonOptions } from './options.js';
import { UsageError } from './usage-error.js';
import { Watch } from './watch.js';
import { readVersion } from './version.js';

/** Freed blocks of this size and more are not kept: chunks of layers are larger. Bytes. */
const keptBlocks = 128 * 1024;
/** What the calls that run get to finish when the daemon is told to stop; milliseconds. */
const stopGrace = 2000;
/** The store is opened, and what a killed predecessor left is removed, once the first callers are served; milliseconds. */
const prepareDelay = 100;

async function main(): Promise<void> {
  const options = readOptionsOrExit();
  // The modes of what the store makes are given in full; the umask must not take from them.
  process.umask(0o022);
  returnBlocksFrom(keptBlocks);
  const { version, url } = readVersion();
  const log = createLog(
    options.logLevel,
    logSink(options.log, (text) => void process.stderr.write(text)),
  );
  surviveAccidents(log);
  const access = await Access.open(options, log);
  const runtime = new Runtime({
    ...options,
    version,
    warn: (message) => log.warn(message),
    info: (message) => log.info(message),
  });
  const dispatcher = new Dispatcher({
    unexpected: (error, method) => log.error(`${method}: ${messageOf(error)}`, error),
    unknownField: (method, path) => log.debug(`${method}: field ${path} is not known and was ignored`),
    answered(call) {
      logCall(log, call, runtime.operations);
      watch?.metrics.answered(call);
    },
  });
  dispatcher.serve(
    orgVarlinkService,
    new Introspection({ vendor: 'imaged', product: 'imaged', version, url }, dispatcher),
  );
  serveInterfaces(dispatcher, runtime, access.permit);
  const watch = await Watch.of(options, version, runtime, dispatcher);

  let stop = (): void => undefined;
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const idle = new IdleTimer(options.idleTimeout, () => {
    log.info('ending: nobody is connected');
    stop();
  });
  const doors = new Doors(dispatcher, options.environment, {
    // A oneway call goes on after its connection has ended.
    onActivity(activity) {
      idle.busy(activity.connections > 0 || activity.calls > 0);
      watch?.metrics.activity(activity);
    },
    onFailure(error) {
      log.info(`connection ended: ${messageOf(error)}`);
      watch?.metrics.connectionFailed(error);
    },
    ...(options.tls && { tls: await TlsAcceptor.open(options.tls, (message) => log.warn(message)) }),
  });
  let addresses: string[];
  let removeLinks: () => void;
  try {
    addresses = [...(await doors.open(options, stop)), ...((await watch?.open(options)) ?? [])];
    removeLinks = await linkSocket(dispatcher, options);
  } catch (error) {
    // Those that were opened before the one that could not be.
    await doors.close();
    await watch?.close();
    throw error;
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info(`ending: ${signal}`);
      stop();
    });
  }
  process.on('SIGHUP', () => void reload(access, options, log));
  for (const exposure of exposures(options, access)) log.warn(exposure);
  process.stdout.write(`imaged ${version} ready at ${addresses.join(' ')}\n`);
  tellManager(options, 'READY=1', log);
  const prepare = setTimeout(() => void runtime.prepare(), prepareDelay);

  await stopped;
  tellManager(options, 'STOPPING=1', log);
  clearTimeout(prepare);
  idle.stop();
  watch?.stopping();
  removeLinks();
  await doors.close(stopGrace);
  await runtime.close();
  await watch?.close();
}

/** Reads what may change while the daemon runs, and tells the manager when that is done. */
async function reload(access: Access, options: DaemonOptions, log: Log): Promise<void> {
  const microseconds = process.hrtime.bigint() / 1000n;
  tellManager(options, `RELOADING=1\nMONOTONIC_USEC=${microseconds}`, log);
  await access.reload();
  tellManager(options, 'READY=1', log);
}

/** One line for the call and the operation it started, if any. */
function logCall(log: Log, call: AnsweredCall, operations: OperationTable): void {
  const change = isChange(call);
  log.record(change ? 'info' : 'debug', () => {
    const record = auditRecord(call, change ? operations.startedWith(call.context.signal) : undefined);
    return { message: auditMessage(record), fields: { ...record } };
  });
}

/** What goes wrong beside every call is logged; it must not end the calls of others. */
function surviveAccidents(log: Log): void {
  process.on('unhandledRejection', (reason) => log.error(`unexpected: ${messageOf(reason)}`, reason));
  // Whoever read our output may be gone.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

function readOptionsOrExit(): DaemonOptions {
  const options = readProcessOrExit();
  if (typeof options === 'object') return options;
  process.stdout.write(options === 'help' ? usage : `imaged ${readVersion().version}\n`);
  return process.exit(0);
}

function readProcessOrExit(): ReturnType<typeof readProcess> {
  try {
    return readProcess();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`imaged: ${error.message}\n`);
    return process.exit(2);
  }
}

/** Has clients find the socket by the names of its interfaces, if asked for; returns what undoes it. */
async function linkSocket(dispatcher: Dispatcher, { registry }: DaemonOptions): Promise<() => void> {
  if (registry === undefined) return () => undefined;
  const names = dispatcher.interfaces().map(({ name }) => name);
  return await linkInterfaces(
    registry.directory,
    names.filter((name) => name !== orgVarlinkService.name),
    registry.socket,
  );
}

function tellManager(options: DaemonOptions, state: string, log: Log): void {
  if (options.notifySocket === undefined) return;
  try {
    notify(options.notifySocket, state);
  } catch (error) {
    log.warn(`the service manager was not told ${state}: ${messageOf(error)}`);
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`imaged: ${messageOf(error)}\n`);
  process.exit(error instanceof AccessFileError ? 2 : 1);
}
// Sockets of clients that do not read any more must not hold the process.
process.exit(0);
