// The one way an image is copied: plan it from the source, bring the layers that are missing, commit.
import { setMaxListeners } from 'node:events';
import { parseConfig } from '../oci/config.js';
import { parseManifest, type ImageManifest } from '../oci/manifest.js';
import { choosePlatform } from '../oci/choose-platform.js';
import type { Platform } from '../oci/platform.js';
import type { ImagePlan, ImageSink, LayerPlan } from './image-sink.js';
import type { ImageSource, SourceManifest } from './image-source.js';
import type { Operation } from './operation.js';
import { CopyError } from './errors.js';

/** A layer may be removed by others between our look and the commit; more often than this it is not chance. */
const commitAttempts = 5;

/**
 * Copies one image. Log lines and counters go to `operation`; its signal ends the copy. The caller disposes of the
 * sink, which undoes everything unless the copy returned.
 */
export async function copyImage(
  source: ImageSource,
  sink: ImageSink,
  platform: Platform,
  operation: Operation,
): Promise<ImagePlan> {
  const { signal } = operation;
  operation.enter('resolve');
  operation.log('Getting image source signatures');
  const plan = await planImage(source, platform, signal);

  operation.enter('copy');
  const logged = new Set<LayerPlan>();
  for (let attempt = 1; attempt <= commitAttempts; attempt += 1) {
    const missing = await sink.missing(plan.layers, signal);
    if (attempt === 1) reportPresent(plan, missing, operation, logged);
    await bringLayers(source, sink, missing, operation, logged);
    if (attempt === 1) {
      operation.log(`Copying config ${plan.configDigest}`);
      operation.log('Writing manifest to image destination');
    }
    operation.enter('commit');
    if (await sink.commit(plan, signal)) {
      operation.log('Storing signatures');
      return plan;
    }
    operation.enter('copy');
  }
  throw new CopyError('layers of the image are removed by another process as fast as they are pulled');
}

async function planImage(source: ImageSource, platform: Platform, signal: AbortSignal): Promise<ImagePlan> {
  const top = await source.manifest(undefined, signal);
  const { manifest, index, parsed } = await imageManifest(source, top, platform, signal);
  const configBytes = await source.blobBytes(parsed.config, signal);
  const config = parseConfig(configBytes);
  const { diffIds } = config.rootfs;
  if (diffIds.length !== parsed.layers.length) {
    throw new CopyError(
      `the manifest has ${parsed.layers.length} layers, the config ${parsed.config.digest} has ${diffIds.length} diff_ids`,
    );
  }
  const layers = parsed.layers.map((blob, position) => {
    const diffId = diffIds[position];
    if (diffId === undefined)
      throw new CopyError(`config ${parsed.config.digest}: no diffID for layer ${position}`);
    return { index: position, blob, diffId };
  });
  return { manifest, index, configDigest: parsed.config.digest, configBytes, config, layers };
}

/** The manifest of one platform's image, through the index when `top` is one. */
async function imageManifest(
  source: ImageSource,
  top: SourceManifest,
  platform: Platform,
  signal: AbortSignal,
): Promise<{ manifest: SourceManifest; index: SourceManifest | undefined; parsed: ImageManifest }> {
  const parsedTop = parseManifest(top.bytes, top.mediaType);
  if (parsedTop.kind === 'image') return { manifest: top, index: undefined, parsed: parsedTop };
  const chosen = choosePlatform(parsedTop, platform);
  const manifest = await source.manifest(chosen.digest, signal);
  const parsed = parseManifest(manifest.bytes, manifest.mediaType);
  if (parsed.kind !== 'image') {
    throw new CopyError('Unexpectedly received a manifest list instead of a manifest for a single image');
  }
  return { manifest, index: top, parsed };
}

/** Layers that need not be read get their line and their place in the progress too. */
function reportPresent(
  plan: ImagePlan,
  missing: readonly LayerPlan[],
  operation: Operation,
  logged: Set<LayerPlan>,
): void {
  const absent = new Set(missing);
  for (const layer of plan.layers) {
    const { digest, size } = layer.blob;
    if (absent.has(layer)) {
      operation.report({ digest, done: 0, total: size, state: 'waiting' });
    } else {
      logged.add(layer);
      operation.log(`Copying blob ${digest}`);
      operation.report({ digest, done: size, total: size, state: 'exists' });
    }
  }
  const { configDigest: digest, configBytes } = plan;
  operation.report({ digest, done: configBytes.length, total: configBytes.length, state: 'done' });
}

/** Brings all of `layers` side by side. When one fails the others are stopped, and have stopped when this throws. */
async function bringLayers(
  source: ImageSource,
  sink: ImageSink,
  layers: readonly LayerPlan[],
  operation: Operation,
  logged: Set<LayerPlan>,
): Promise<void> {
  const failure = new AbortController();
  const signal = AbortSignal.any([operation.signal, failure.signal]);
  // One signal ends all layers; that is no leak.
  setMaxListeners(0, signal);
  const bring = async (layer: LayerPlan): Promise<void> => {
    const { digest, size } = layer.blob;
    try {
      if (!logged.has(layer)) operation.log(`Copying blob ${digest}`);
      logged.add(layer);
      const location = await source.locate(layer.blob, signal);
      const copying = (done: number): void =>
        operation.report({ digest, done, total: size, state: 'copying' });
      await sink.putLayer(layer, location, copying, signal);
      operation.report({ digest, done: size, total: size, state: 'done' });
    } catch (error) {
      // The first failure is the reason; those it causes are not.
      if (!failure.signal.aborted) failure.abort(error);
    }
  };
  await Promise.all(layers.map(bring));
  operation.signal.throwIfAborted();
  failure.signal.throwIfAborted();
}
