// Commit: what was changed in a container becomes a layer, and the container's settings the configuration of an image.
import { parseConfig, type ImageConfig } from '../../oci/config.js';
import { digestHex } from '../../oci/digest.js';
import type { Platform } from '../../oci/platform.js';
import { imageData, type CommitLayer, type StoredContainer, type StoreView } from '../../store/index.js';
import { parseChanges, type ConfigChanges } from '../copy/changes.js';
import { engineOf, findContainer } from '../containers/containers.js';
import type { CopyContext } from '../copy/copy-context.js';
import type { ContainerEvent } from '../events/event.js';
import { annotationsOf, readConfig } from '../images/image-facts.js';
import { madeImage } from '../builds/made-image.js';
import { storedName } from '../images/names.js';
import type { Operation } from '../operation.js';
import { applyChanges } from './apply-changes.js';
import { buildahImage } from './buildah-container.js';
import { CommitError, type ContainerImage } from './container-image.js';
import { layersBelow, layersOf, stageChanges, type ContainerLayers } from './container-layer.js';
import { holdStill } from './hold-still.js';
import { podmanImage } from './podman-container.js';
import { specifiedImage } from './spec-container.js';

/** What is to be made of which container. */
export interface CommitRequest {
  /** Of the container; its id or the beginning of that will do. */
  readonly name: string;
  /** Of the image; empty: it has none. */
  readonly imageName: string;
  readonly changes: readonly string[];
  /** Empty: that of the image below. */
  readonly author: string;
  readonly message: string;
  /** Whether what runs in the container is to be stopped meanwhile. */
  readonly pause: boolean;
  /** `oci`, which empty means, too, or `docker`. */
  readonly format: string;
}

/** The id of the new image. Throws ContainerNotFoundError, InvalidChangeError, InvalidReferenceError, {@link CommitError}. */
export async function commitContainer(
  context: CopyContext,
  request: CommitRequest,
  operation: Operation,
): Promise<string> {
  const { signal } = operation;
  operation.enter('resolve');
  const view = await context.store.view(signal);
  const container = findContainer(view, request.name);
  const format = formatOf(request.format);
  const changes = parseChanges(request.changes);
  const names = request.imageName === '' ? [] : [storedName(request.imageName)];
  const layers = layersOf(view, container);
  const image = await imageOf(context, view, container, signal);
  operation.enter('copy');
  operation.log('Getting image source signatures');
  const below = layersBelow(layers);
  for (const { diffId } of below) operation.log(`Copying blob ${diffId}`);
  const added = await changesOf(context, container, layers, request, operation);
  try {
    const all = [...below, added];
    operation.log(`Copying blob ${added.diffId}`);
    const config = configOf(image, changes, request, all);
    const { annotations } = image;
    const made = madeImage({ config, format, layers: all, parent: container.image, annotations });
    operation.log(`Copying config ${made.config.digest}`);
    operation.log('Writing manifest to image destination');
    operation.enter('commit');
    const id = digestHex(made.config.digest);
    const record = { id, digest: made.manifest.digest, names, created: config.created };
    await context.store.commitImage({ layers: all, image: { ...record, bigData: imageData(made) } }, signal);
    operation.log('Storing signatures');
    await context.events.write(eventOf(container, image));
    return id;
  } finally {
    await added.staged?.discard();
  }
}

function eventOf({ id, names }: StoredContainer, { from, config }: ContainerImage): ContainerEvent {
  const { labels } = config.config;
  return { type: 'container', status: 'commit', id, name: names[0] ?? '', image: from, labels };
}

function formatOf(text: string): 'oci' | 'docker' {
  if (text === '' || text === 'oci') return 'oci';
  if (text === 'docker') return text;
  throw new CommitError(`unrecognized image format ${JSON.stringify(text)}`);
}

/** What the engine says whose container it is. */
async function imageOf(
  context: CopyContext,
  view: StoreView,
  container: StoredContainer,
  signal: AbortSignal,
): Promise<ContainerImage> {
  const source = { context, container, image: await imageBelow(context, view, container) };
  switch (engineOf(context.store, container)) {
    case 'podman':
      return await podmanImage(source, signal);
    case 'buildah':
      return await buildahImage(source);
    default:
      return await specifiedImage(source);
  }
}

async function imageBelow(
  { store, platform }: CopyContext,
  view: StoreView,
  { id, image: imageId }: StoredContainer,
): Promise<ContainerImage> {
  const nothing = { annotations: {}, from: '', createdBy: '', comment: '', after: [] };
  if (imageId === '') return { ...nothing, config: emptyConfig(platform) };
  const image = view.imageById(imageId);
  const config = image && (await readConfig(store, image));
  if (image === undefined || config === undefined)
    throw new CommitError(
      `container ${id}: image ${imageId} that it was made from is not there, or not understood`,
    );
  const annotations = annotationsOf(await store.imageData(image, 'manifest'));
  return { ...nothing, config, annotations, from: image.names[0] ?? '' };
}

function emptyConfig({ os, architecture, variant }: Platform): ImageConfig {
  return parseConfig(Buffer.from(JSON.stringify({ os, architecture, variant })));
}

/** Nothing runs in the container while it is read, if that is wanted; it goes on before anything is added to the store. */
async function changesOf(
  context: CopyContext,
  container: StoredContainer,
  layers: ContainerLayers,
  { pause }: CommitRequest,
  operation: Operation,
): Promise<CommitLayer> {
  const { signal } = operation;
  if (!pause) return await stageChanges(context, layers, signal);
  const warn = (message: string): void => operation.log(message);
  await using _held = await holdStill(context, container, warn, signal);
  return await stageChanges(context, layers, signal);
}

function configOf(
  { config, from, createdBy, comment, after }: ContainerImage,
  changes: ConfigChanges,
  { author, message }: CommitRequest,
  layers: readonly CommitLayer[],
): ImageConfig {
  const created = new Date().toISOString();
  const settings = applyChanges(config.config, changes);
  const entry = {
    created,
    createdBy: createdBy || settings.shell.join(' ') || '/bin/sh',
    author: author || config.author,
    comment: message || `${comment}${from === '' ? '' : `FROM ${from}`}`,
    emptyLayer: false,
  };
  return {
    ...config,
    created,
    author: entry.author,
    comment: message || config.comment,
    config: settings,
    rootfs: { type: 'layers', diffIds: layers.map(({ diffId }) => diffId) },
    history: [...config.history, entry, ...after],
  };
}
