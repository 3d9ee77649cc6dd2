// The one way images are copied, whatever from and to: plan, admit, bring the layers that are missing, commit.
import { setMaxListeners } from 'node:events';
import type { Digest } from '../../oci/digest.js';
import type { Platform } from '../../oci/platform.js';
import { CopyError } from '../errors.js';
import { chosenManifest, planImage, topManifest, type ChosenManifest } from './image-plan.js';
import {
  ManifestRefusedError,
  type ImagePlan,
  type ImageSink,
  type LayerPlan,
  type LayerRequest,
  type StoredBlob,
  type WrittenImage,
} from './image-sink.js';
import type { ImageOrigin, ImageSource, Signature, SourceManifest } from './image-source.js';
import type { Operation } from '../operation.js';
import { modernised, schema1Manifest, type Examine } from './schema1.js';
import {
  layerRequests,
  manifestTypesFor,
  requireAtHand,
  writtenImage,
  type Fixed,
  type FormWishes,
} from './target-form.js';

/** A layer may be removed by others between our look and the commit; more often than this it is not chance. */
const commitAttempts = 5;

/** Decides whether an image may be used at all. */
export interface ImageGate {
  /** Throws PolicyError. `signatures` are fetched if the policy asks for them. */
  admit(
    origin: ImageOrigin,
    manifest: SourceManifest,
    signatures: () => Promise<readonly Signature[]>,
    signal: AbortSignal,
  ): Promise<void>;
}

/** Makes a signature of a manifest for the name it is copied to. */
export type Signer = (manifest: Digest, signal: AbortSignal) => Promise<Signature>;

/** How an image is copied. */
export interface CopyOptions extends FormWishes {
  /** Which image of an index is meant. */
  readonly platform: Platform;
  readonly gate: ImageGate;
  /**
   * What becomes of the signatures the image has: `keep` fails where the destination cannot have them, `keep-if-possible`
   * leaves them out there.
   */
  readonly signatures: 'keep' | 'keep-if-possible' | 'remove';
  readonly sign?: Signer | undefined;
  /** Looks into layers; without it images of schema 1 are refused, which do not say what is in theirs. */
  readonly examine?: Examine | undefined;
}

/**
 * Copies the image that `source` was opened for, the one for the platform where that is an index. Log lines and counters go
 * to `operation`; its signal ends the copy. The caller disposes of the sink, which undoes everything unless this returned.
 */
export async function copyImage(
  source: ImageSource,
  sink: ImageSink,
  options: CopyOptions,
  operation: Operation,
): Promise<WrittenImage> {
  const { signal } = operation;
  operation.enter('resolve');
  if (options.signatures !== 'remove') operation.log('Getting image source signatures');
  const old = await schema1Manifest(source, signal);
  if (old !== undefined) return await copyOld(source, sink, old, options, operation);
  const top = await topManifest(source, signal);
  if (top.parsed.kind === 'index') {
    await options.gate.admit(source.origin, top.manifest, signaturesOf(source, top.manifest, signal), signal);
  }
  const chosen = await chosenManifest(source, top, options.platform, signal);
  return await copyInstance(source, sink, chosen, { ...options, instance: false }, operation);
}

/** An image of schema 1 is written as one of schema 2, once it is admitted as what it is; its signatures are not kept. */
async function copyOld(
  source: ImageSource,
  sink: ImageSink,
  old: SourceManifest,
  options: CopyOptions,
  operation: Operation,
): Promise<WrittenImage> {
  const { gate, examine } = options;
  const { signal } = operation;
  await gate.admit(source.origin, old, signaturesOf(source, old, signal), signal);
  const { source: made, chosen } = await modernised(source, old, examine, signal);
  const admitted: ImageGate = { admit: async () => undefined };
  return await copyInstance(made, sink, chosen, { ...options, gate: admitted, instance: false }, operation);
}

/** Copies one image whose manifest is at hand. */
export async function copyInstance(
  source: ImageSource,
  sink: ImageSink,
  chosen: ChosenManifest,
  options: CopyOptions & { readonly instance: boolean },
  operation: Operation,
): Promise<WrittenImage> {
  const { signal } = operation;
  const { gate } = options;
  const signaturesOfImage = signaturesOf(source, chosen.manifest, signal);
  await gate.admit(source.origin, chosen.manifest, signaturesOfImage, signal);
  requireSignable(sink, options);
  const signatures = await keptSignatures(signaturesOfImage, sink, options, operation);
  const plan = await planImage(source, chosen, signal);
  const fixed = whyFixed(signatures, sink);

  const types = manifestTypesFor(plan.parsed.mediaType, sink.needs, options, fixed);
  const refusals: string[] = [];
  const copy = new Copy(source, sink, plan, operation);
  for (const type of types) {
    try {
      const requests = layerRequests(plan, type, sink.needs, options, fixed);
      return await copy.as(type, requests, signatures, { ...options, fixed });
    } catch (error) {
      if (!(error instanceof ManifestRefusedError)) throw error;
      refusals.push(`${type}(${error.message})`);
      if (types.length === 1) throw error.cause ?? error;
    }
  }
  const attempts = refusals.join(', ');
  throw new CopyError(`Uploading manifest failed, attempted the following formats: ${attempts}`);
}

function signaturesOf(
  source: ImageSource,
  manifest: SourceManifest,
  signal: AbortSignal,
): () => Promise<readonly Signature[]> {
  let signatures: Promise<readonly Signature[]> | undefined;
  return () => (signatures ??= source.signatures(manifest.digest, signal));
}

/** The signatures that go along. Throws {@link CopyError} where they are to be kept and cannot be. */
export async function keptSignatures(
  signatures: () => Promise<readonly Signature[]>,
  sink: ImageSink,
  options: CopyOptions,
  operation: Operation,
  what: 'image' | 'image list' = 'image',
): Promise<readonly Signature[]> {
  if (options.signatures === 'remove') return [];
  const { refusesSignatures } = sink.needs;
  if (refusesSignatures !== undefined && options.signatures === 'keep-if-possible') return [];
  const kept = await signatures();
  if (kept.length === 0) return kept;
  operation.log(`Checking if ${what} destination supports signatures`);
  if (refusesSignatures === undefined) return kept;
  throw new CopyError(`Can not copy signatures: ${refusesSignatures}`);
}

/** Found out before anything is copied. */
function requireSignable({ needs: { refusesSignatures } }: ImageSink, { sign }: CopyOptions): void {
  if (sign === undefined || refusesSignatures === undefined) return;
  throw new CopyError(`Can not copy signatures: ${refusesSignatures}`);
}

function whyFixed(signatures: readonly Signature[], { needs }: ImageSink): Fixed {
  if (signatures.length > 0) return 'its signatures would not fit another manifest';
  return needs.digest === undefined ? undefined : `the destination is named by the digest ${needs.digest}`;
}

/** One image on its way to one sink; tried again with another type of manifest, it keeps its counters. */
class Copy {
  readonly #source: ImageSource;
  readonly #sink: ImageSink;
  readonly #plan: ImagePlan;
  readonly #operation: Operation;
  readonly #logged = new Set<LayerPlan>();
  #announced = false;

  constructor(source: ImageSource, sink: ImageSink, plan: ImagePlan, operation: Operation) {
    this.#source = source;
    this.#sink = sink;
    this.#plan = plan;
    this.#operation = operation;
  }

  /** Brings what is missing and commits. Throws {@link ManifestRefusedError} where another type may do. */
  async as(
    type: string,
    requests: readonly LayerRequest[],
    signatures: readonly Signature[],
    { sign, instance, fixed }: CopyOptions & { readonly instance: boolean; readonly fixed: Fixed },
  ): Promise<WrittenImage> {
    const operation = this.#operation;
    const { signal } = operation;
    for (let attempt = 1; attempt <= commitAttempts; attempt += 1) {
      operation.enter('copy');
      const stored = new Map(await this.#sink.present(requests, signal));
      requireAtHand(requests, stored, fixed);
      this.#reportPresent(stored);
      await this.#bring(requests, stored);
      const written = writtenImage(this.#plan, type, stored);
      this.#requireDigest(written.manifest);
      this.#announce();
      const own = sign === undefined ? [] : [await this.#signature(sign, written.manifest)];
      operation.enter('commit');
      const image = { ...written, plan: this.#plan, signatures: [...signatures, ...own], instance };
      if (await this.#sink.commit(image, signal)) {
        operation.log('Storing signatures');
        return image;
      }
    }
    throw new CopyError('layers of the image are removed by another process as fast as they are copied');
  }

  #announce(): void {
    if (this.#announced) return;
    this.#announced = true;
    this.#operation.log(`Copying config ${this.#plan.configDigest}`);
    this.#operation.log('Writing manifest to image destination');
  }

  async #signature(sign: Signer, manifest: SourceManifest): Promise<Signature> {
    this.#operation.log('Signing manifest');
    return await sign(manifest.digest, this.#operation.signal);
  }

  /** What is written to a name with a digest is that manifest, or the index with that digest that it was chosen from. */
  #requireDigest({ digest }: SourceManifest): void {
    const wanted = this.#sink.needs.digest;
    if (wanted === undefined || wanted === digest || wanted === this.#plan.index?.digest) return;
    throw new CopyError("Digest of source image's manifest would not match destination reference");
  }

  /** Layers that need not be read get their line and their place in the progress too. */
  #reportPresent(stored: ReadonlyMap<LayerPlan, StoredBlob>): void {
    const operation = this.#operation;
    for (const layer of this.#plan.layers) {
      if (this.#logged.has(layer)) continue;
      const { digest, size } = layer.content;
      if (stored.has(layer)) {
        this.#logged.add(layer);
        operation.log(`Copying blob ${digest}`);
        operation.report({ digest, done: size, total: size, state: 'exists' });
      } else {
        operation.report({ digest, done: 0, total: size, state: 'waiting' });
      }
    }
    const { configDigest: digest, configBytes } = this.#plan;
    operation.report({ digest, done: configBytes.length, total: configBytes.length, state: 'done' });
  }

  /** Brings all that is not in `stored` side by side. When one fails the others are stopped, and have stopped when this throws. */
  async #bring(requests: readonly LayerRequest[], stored: Map<LayerPlan, StoredBlob>): Promise<void> {
    const operation = this.#operation;
    const failure = new AbortController();
    const signal = AbortSignal.any([operation.signal, failure.signal]);
    // One signal ends all layers; that is no leak.
    setMaxListeners(0, signal);
    const bring = async (request: LayerRequest): Promise<void> => {
      try {
        stored.set(request.layer, await this.#bringLayer(request, signal));
      } catch (error) {
        // The first failure is the reason; those it causes are not.
        if (!failure.signal.aborted) failure.abort(error);
      }
    };
    await Promise.all(requests.filter(({ layer }) => !stored.has(layer)).map(bring));
    operation.signal.throwIfAborted();
    failure.signal.throwIfAborted();
  }

  async #bringLayer(request: LayerRequest, signal: AbortSignal): Promise<StoredBlob> {
    const { layer } = request;
    const { digest, size } = layer.content;
    if (!this.#logged.has(layer)) this.#operation.log(`Copying blob ${digest}`);
    this.#logged.add(layer);
    const location = await this.#source.locate(layer.content, signal);
    const copying = (done: number): void =>
      this.#operation.report({ digest, done, total: size, state: 'copying' });
    const stored = await this.#sink.putLayer(request, location, copying, signal);
    this.#operation.report({ digest, done: size, total: size, state: 'done' });
    return stored;
  }
}
