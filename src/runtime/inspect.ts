// All that is known of one image, as the JSON document podman gives (images-and-transports §8.1).
import { dirname, join } from 'node:path';
import type { ImageConfig } from '../oci/config.js';
import { dockerManifest, ociManifest } from '../oci/media-types.js';
import { parseManifest, type ImageManifest } from '../oci/manifest.js';
import type { Store, StoredImage, StoreView } from '../store/index.js';
import { readConfig } from './image-facts.js';
import { imageSize, manifestDigest, repoDigests, type Catalogue } from './image-list.js';
import { parsedName } from './resolve.js';
import { nanosecondTime } from './time.js';

/** The document as compact JSON text, keys in podman's order, escaped as Go's encoder does. */
export async function inspectImage(store: Store, catalogue: Catalogue, image: StoredImage): Promise<string> {
  const { view, hierarchy } = catalogue;
  const config = await readConfig(store, image);
  const manifest = await readManifest(store, image);
  const size = imageSize(view, image);
  return goJson({
    Id: image.id,
    Digest: manifestDigest(image),
    // Podman 4 has empty lists here, 1.9 had null.
    RepoTags: image.names.filter((name) => parsedName(name)?.tag !== undefined),
    RepoDigests: repoDigests(image),
    Parent: hierarchy.parentOf(image)?.id ?? '',
    Comment: comment(config, manifest),
    Created: config?.created === undefined ? null : (nanosecondTime(config.created) ?? null),
    Config: containerConfig(config),
    Version: config?.dockerVersion ?? '',
    Author: config?.author ?? '',
    Architecture: config?.architecture ?? '',
    Os: config?.os ?? '',
    Size: size,
    VirtualSize: size,
    GraphDriver: graphDriver(store, view, image),
    RootFS: { Type: config?.rootfs.type ?? '', Layers: orNull(config?.rootfs.diffIds ?? []) },
    Labels: orNull(sorted(config?.config.labels ?? {})),
    Annotations: sorted(manifest?.annotations ?? {}),
    ManifestType: manifest?.mediaType ?? '',
    User: config?.config.user ?? '',
    History: orNull((config?.history ?? []).map(historyEntry)),
    // Podman 4 gives the whole history here, the list leaves out the current name.
    NamesHistory: orNull(image.namesHistory),
    ...healthcheck(config, manifest),
  });
}

async function readManifest(store: Store, image: StoredImage): Promise<ImageManifest | undefined> {
  if (!image.bigDataNames.includes('manifest')) return undefined;
  const bytes = await store.imageData(image, 'manifest');
  try {
    const manifest = parseManifest(bytes);
    return manifest.kind === 'image' ? manifest : undefined;
  } catch {
    // Schema 1 or made by a program with other rules: the fields that come from it are empty.
    return undefined;
  }
}

function comment(config: ImageConfig | undefined, manifest: ImageManifest | undefined): string {
  if (manifest?.mediaType === ociManifest) return config?.history[0]?.comment ?? '';
  return config?.comment ?? '';
}

/** The OCI part of the container configuration, without what is empty. */
function containerConfig(config: ImageConfig | undefined): object {
  if (config === undefined) return {};
  const { user, exposedPorts, env, entrypoint, cmd, volumes, workingDir, labels, stopSignal } = config.config;
  return withoutEmpty({
    User: user,
    ExposedPorts: emptyObjects(exposedPorts),
    Env: env,
    Entrypoint: entrypoint,
    Cmd: cmd,
    Volumes: emptyObjects(volumes),
    WorkingDir: workingDir,
    Labels: sorted(labels),
    StopSignal: stopSignal,
  });
}

/** A set of names as Go has it in JSON. */
function emptyObjects(names: readonly string[]): object {
  return Object.fromEntries(names.toSorted().map((name) => [name, {}]));
}

/** A map in the order Go's encoder writes it. */
function sorted(map: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function historyEntry(entry: ImageConfig['history'][number]): object {
  return withoutEmpty({
    created: entry.created === undefined ? undefined : (nanosecondTime(entry.created) ?? entry.created),
    created_by: entry.createdBy,
    author: entry.author,
    comment: entry.comment,
    empty_layer: entry.emptyLayer ? true : undefined,
  });
}

function graphDriver(store: Store, view: StoreView, image: StoredImage): object {
  const [top, ...lowers] = view.chain(image.layer).map((layer) => store.layerFiles(layer));
  return {
    Name: store.options.driver,
    Data: {
      ...(lowers.length === 0 ? {} : { LowerDir: lowers.join(':') }),
      ...(top === undefined ? {} : { UpperDir: top, WorkDir: join(dirname(top), 'work') }),
    },
  };
}

function healthcheck(config: ImageConfig | undefined, manifest: ImageManifest | undefined): object {
  const check = config?.config.healthcheck;
  if (check === undefined || manifest?.mediaType !== dockerManifest) return {};
  const { test, interval, timeout, startPeriod, retries } = check;
  return {
    Healthcheck: {
      ...withoutEmpty({ Test: test }),
      ...withoutZero({ Interval: interval, Timeout: timeout, StartPeriod: startPeriod, Retries: retries }),
    },
  };
}

function orNull<Value extends object>(value: Value): Value | null {
  return Object.keys(value).length === 0 ? null : value;
}

/** Without properties that are undefined, `""`, `[]` or `{}`. */
function withoutEmpty(value: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(value).filter(([, field]) => {
      if (field === undefined || field === '') return false;
      return typeof field !== 'object' || field === null || Object.keys(field).length > 0;
    }),
  );
}

function withoutZero(value: Readonly<Record<string, number>>): object {
  return Object.fromEntries(Object.entries(value).filter(([, number]) => number !== 0));
}

const goEscapes = /[<>&\u2028\u2029]/g;

/** Compact JSON with the escapes of Go's encoder: clients compare such documents as text. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    goEscapes,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
