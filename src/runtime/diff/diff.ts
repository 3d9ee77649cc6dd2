// What of a container, image or layer differs from what it stands on (io-podman-api §3).
import type { Store, StoredLayer, StoreView } from '../../store/index.js';
import { LayerUnknownError, StoreUnreadableError } from '../../store/index.js';
import { findContainer } from '../containers/containers.js';
import type { Diff, DiffTask } from './diff-message.js';
import { ContainerNotFoundError, ImageNotFoundError } from '../errors.js';
import { findImage, type ShortNames } from '../images/resolve.js';

/** What engines mount into every container, and make the places for: Podman 4 leaves it out of any difference. */
const mountPoints: ReadonlySet<string> = new Set([
  '/dev',
  '/etc/hostname',
  '/etc/hosts',
  '/etc/mtab',
  '/etc/resolv.conf',
  '/proc',
  '/run',
  '/run/.containerenv',
  '/run/notify',
  '/run/podman-init',
  '/run/secrets',
  '/sys',
]);

/**
 * The layer that `name` means, the uppermost one of an image or container, and those below it. Throws {@link ImageNotFoundError} if there is
 * nothing of this name, {@link LayerUnknownError} for an image without layers, and {@link StoreUnreadableError}.
 */
export function diffTask(store: Store, view: StoreView, name: string, shortNames: ShortNames): DiffTask {
  const { graphRoot, readOnlyReason } = store.options;
  // Other drivers keep whole trees, and mount programs whiteouts of their own.
  if (readOnlyReason !== undefined)
    throw new StoreUnreadableError(graphRoot, `its layers cannot be compared: ${readOnlyReason}`);
  const chain = view.chain(topLayer(view, name, shortNames));
  const [directory, ...lowers] = chain.map((layer) => store.layerFiles(layer));
  if (directory === undefined) throw new LayerUnknownError(name);
  return { directory, lowers };
}

/** Without what is there because engines need it. */
export function isOwnChange({ path }: Diff): boolean {
  return !mountPoints.has(path);
}

/** Images come first, then containers, then layers. */
function topLayer(view: StoreView, name: string, shortNames: ShortNames): string {
  try {
    return findImage(view, name, shortNames).layer ?? '';
  } catch {
    // Whatever is wrong with it as the name of an image: it may be that of something else.
  }
  try {
    return findContainer(view, name).layer;
  } catch (error) {
    if (!(error instanceof ContainerNotFoundError)) throw error;
  }
  const layer = findLayer(view, name);
  if (layer !== undefined) return layer.id;
  throw new ImageNotFoundError(name, `layer, image, or container ${name} does not exist`);
}

/** By id, name, or a beginning of an id that only one has. */
function findLayer(view: StoreView, name: string): StoredLayer | undefined {
  const exact = view.layer(name) ?? view.layers.find(({ names }) => names.includes(name));
  if (exact !== undefined || name === '') return exact;
  const [first, second] = view.layers.filter(({ id }) => id.startsWith(name));
  return second === undefined ? first : undefined;
}
