// The state of a container, as far as its engine's files and the kernel tell it.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Store, StoredContainer, StoreView } from '../../store/index.js';
import { userData } from './containers.js';

/** The numbers that Podman 1.9 has for states; which of the others it is, only the engine knows. */
const stateNumber = { configured: 1, running: 3, exited: 6 } as const;

/** What Podman 1.9 told, under its names; what is not known, or not so, is absent. */
export interface ContainerState {
  readonly state: number;
  /** Of the specification that it was last run by. */
  readonly configPath?: string;
  /** What its engine keeps of it until the next boot. */
  readonly runDir: string;
  readonly mounted?: true;
  readonly mountPoint?: string;
  /** Of its first process, while it runs. */
  readonly pid?: number;
}

export async function containerState(
  store: Store,
  view: StoreView,
  container: StoredContainer,
): Promise<ContainerState> {
  const { runRoot, driver } = store.options;
  const { id } = container;
  const configPath = join(userData(store, container), 'config.json');
  const runDir = join(runRoot, `${driver}-containers`, id, 'userdata');
  const [wasRun, mountPoint, pid] = await Promise.all([
    exists(configPath),
    mountPointOf(store, view, container),
    processOf(join(runDir, 'pidfile'), id),
  ]);
  const name = pid === undefined ? (wasRun ? 'exited' : 'configured') : 'running';
  return {
    state: stateNumber[name],
    ...(wasRun && { configPath }),
    runDir,
    ...(mountPoint !== undefined && { mounted: true, mountPoint }),
    ...(pid !== undefined && { pid }),
  };
}

async function mountPointOf(
  store: Store,
  view: StoreView,
  { layer: id }: StoredContainer,
): Promise<string | undefined> {
  const layer = view.layer(id);
  if (layer === undefined) return undefined;
  const { directory, merged } = store.layerPaths(layer);
  const [below, top] = await Promise.all(
    [directory, merged].map((path) => stat(path).catch(() => undefined)),
  );
  return top === undefined || top.dev === below?.dev ? undefined : merged;
}

/** The process in the file, if it is still one of this container: its number may be another one's by now. */
async function processOf(pidFile: string, id: string): Promise<number | undefined> {
  const pid = /^\s*([1-9]\d{0,9})\s*$/.exec(await textOf(pidFile))?.[1];
  if (pid === undefined || !(await textOf(`/proc/${pid}/cgroup`)).includes(id)) return undefined;
  return Number(pid);
}

async function textOf(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => '');
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
