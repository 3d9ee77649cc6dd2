// Builds: what a caller asks for, put where the builder wants it, and gone when the build has ended.
import { join } from 'node:path';
import { defaultContextLimits } from '../../archive/context-visitor.js';
import type { BuildRequest } from '../../build/build-request.js';
import type { Store } from '../../store/index.js';
import { recoverTempDirs, type TempRoot } from '../../sys/temp-dir.js';
import type { AddressFetcher } from './build-address.js';
import { checkBuild, epochOf } from './build-checks.js';
import { readBuildFiles, type BuildFiles } from './build-files.js';
import type { BuildInput } from './build-input.js';
import { BuildPlaces, type PlaceContext } from './build-place.js';
import { hasRight, requireRights, type BuildPolicy } from './build-policy.js';
import { SecretFiles } from './build-secrets.js';
import { ContextFiles } from './context-files.js';
import type { Caller, Running } from '../copy/copies.js';
import type { FileExchange } from '../files/file-exchange.js';
import { mayUseHost } from '../host-access.js';
import type { LayerPool } from '../layers/layer-pool.js';
import type { Incoming } from '../files/upload.js';
import type { Operation, OperationTable } from '../operation.js';

/** What builds are made with, whoever asks. */
export interface BuildTools {
  readonly operations: OperationTable;
  readonly pool: Pick<LayerPool, 'unpackContext'>;
  /** For what callers send and nobody knows how fast: they keep no thread from those who do not wait for them. */
  readonly streams: Pick<LayerPool, 'unpackContext'>;
  readonly files: FileExchange;
  readonly fetcher: AddressFetcher;
  readonly policy: BuildPolicy;
  /** The service's own user. */
  readonly uid: number;
  readonly store: () => Promise<Pick<Store, 'options'>>;
  /** The builder: the id of the image it makes. */
  readonly buildImage: (request: BuildRequest, operation: Operation) => Promise<string>;
}

/** Starts builds. */
export class Builds {
  readonly #tools: BuildTools;
  #recovered: Promise<void> | undefined;

  constructor(tools: BuildTools) {
    this.#tools = tools;
  }

  /** Results in the id of the image. Everything that the build needed is gone before it settles. */
  build(input: BuildInput, caller: Caller): Running<string> {
    const pid = Math.max(caller.peer.pid, 0);
    const { names, quiet } = input;
    return this.#tools.operations.run(
      { kind: 'build', target: names[0] ?? '', pid, quiet },
      async (operation) => await this.#build(input, caller, operation),
      caller.signal,
    );
  }

  /** Begins to take the context of a build that comes later; it is unpacked while it comes. */
  async receiveContext(caller: Caller): Promise<Incoming> {
    const { files, streams, policy } = this.#tools;
    const limits = { ...defaultContextLimits, bytes: policy.contextBytes };
    return await files.uploadDirectory(
      (blob, directory, signal) => streams.unpackContext({ blob, directory, limits }, signal),
      caller,
    );
  }

  /** Removes what dead predecessors left. */
  async recover(): Promise<void> {
    this.#recovered ??= this.#recoverNow().catch((error: unknown) => {
      this.#recovered = undefined;
      throw error;
    });
    await this.#recovered;
  }

  async #recoverNow(): Promise<void> {
    const roots = rootsOf(await this.#tools.store());
    await recoverTempDirs(roots.contexts);
    await recoverTempDirs(roots.secrets);
  }

  async #build(input: BuildInput, caller: Caller, operation: Operation): Promise<string> {
    const { policy, uid, files, pool, fetcher } = this.#tools;
    const trusted = mayUseHost(caller.peer, uid);
    const epoch = input.epoch ?? epochOf(input.buildArgs) ?? policy.epoch;
    checkBuild({ ...input, epoch });
    requireRights(input, policy, trusted);
    operation.enter('prepare');
    await this.recover();
    const roots = rootsOf(await this.#tools.store());
    const { contextBytes } = policy;
    const needed: PlaceContext = {
      files,
      pool,
      fetcher,
      caller,
      uid,
      contextBytes,
      root: roots.contexts,
    };
    await using places = new BuildPlaces(needed);
    await using secrets = await SecretFiles.write(input.secrets, roots.secrets);
    const { context: main, contexts: named, dockerfiles: _, run, newStepLines, ...options } = input;
    const directory = main === undefined ? undefined : await places.open(main, operation.signal);
    const contexts = new Map<string, string>();
    for (const { name, place } of named) contexts.set(name, await places.open(place, operation.signal));
    const request: BuildRequest = {
      ...options,
      ...(await readFiles(
        input,
        directory,
        async (address) => await places.dockerfileAt(address, operation.signal),
      )),
      context: directory,
      contexts,
      epoch,
      secrets: secrets.secrets,
      run: { ...run, isolation: run.isolation ?? policy.isolation },
      newStepLines: newStepLines ?? policy.newStepLines,
      trusted,
      mayRun: {
        insecure: hasRight('insecure', policy, trusted),
        hostNetwork: hasRight('host-network', policy, trusted),
      },
    };
    operation.signal.throwIfAborted();
    return await this.#tools.buildImage(request, operation);
  }
}

async function readFiles(
  input: BuildInput,
  directory: string | undefined,
  fetch: (address: string) => Promise<string>,
): Promise<BuildFiles> {
  using files = directory === undefined ? undefined : new ContextFiles(directory);
  return await readBuildFiles(input, files, fetch);
}

/** Contexts lie on the disk of the store, secrets where most hosts have memory. */
function rootsOf({ options }: Pick<Store, 'options'>): {
  readonly contexts: TempRoot;
  readonly secrets: TempRoot;
} {
  const { graphRoot, runRoot } = options;
  return {
    contexts: { path: join(graphRoot, 'imaged', 'builds'), fleeting: true },
    secrets: { path: join(runRoot, 'imaged', 'secrets'), fleeting: true },
  };
}
