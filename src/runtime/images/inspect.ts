// All that is known of one image, as the JSON document podman gives (images-and-transports §8.1).
import type { ImageConfig } from '../../oci/config.js';
import { goJson, sortedByKey } from '../../oci/go-json.js';
import { dockerManifest, ociManifest } from '../../oci/media-types.js';
import { parseManifest, type ImageManifest } from '../../oci/manifest.js';
import type { Json, JsonObject } from '../../oci/strict-json.js';
import type { Store, StoredImage, StoreView } from '../../store/index.js';
import { readConfig } from './image-facts.js';
import { imageSize, manifestDigest, repoDigests, type Catalogue } from './image-list.js';
import { parsedName } from './resolve.js';
import { nanosecondTime } from '../time.js';

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
    GraphDriver: await graphDriver(store, view, image),
    RootFS: {
      Type: config?.rootfs.type ?? '',
      Layers: asWritten(config?.rootfs.diffIds, config?.raw['rootfs'], 'diff_ids'),
    },
    Labels: asWritten(sortedByKey(config?.config.labels ?? {}), config?.raw['config'], 'Labels'),
    Annotations: sortedByKey(manifest?.annotations ?? {}),
    ManifestType: manifest?.mediaType ?? '',
    User: config?.config.user ?? '',
    History: asWritten(config?.history.map(historyEntry), config?.raw, 'history'),
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
  const { user, exposedPorts, env, entrypoint, cmd, volumes, workingDir, labels } = config.config;
  const { stopSignal, argsEscaped } = config.config;
  return withoutEmpty({
    User: user,
    ExposedPorts: emptyObjects(exposedPorts),
    Env: env,
    Entrypoint: entrypoint,
    Cmd: cmd,
    Volumes: emptyObjects(volumes),
    WorkingDir: workingDir,
    Labels: sortedByKey(labels),
    StopSignal: stopSignal,
    ArgsEscaped: argsEscaped ? true : undefined,
  });
}

/** A set of names as Go has it in JSON. */
function emptyObjects(names: readonly string[]): object {
  return sortedByKey(Object.fromEntries(names.map((name) => [name, {}])));
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

async function graphDriver(store: Store, view: StoreView, image: StoredImage): Promise<object> {
  const [top, ...lowers] = view.chain(image.layer);
  const Name = store.options.driver;
  if (top === undefined) return { Name, Data: {} };
  const { diff, work, merged } = store.layerPaths(top);
  // Podman does without where it cannot read the counts.
  const isMounted = await store.isMounted(top).catch(() => false);
  const Data = {
    LowerDir: lowers.map((layer) => store.layerFiles(layer)).join(':'),
    MergedDir: isMounted ? merged : '',
    UpperDir: diff,
    WorkDir: work,
  };
  return { Name, Data: withoutEmpty(Data) };
}

function healthcheck(config: ImageConfig | undefined, manifest: ImageManifest | undefined): object {
  // Docker writes it down in either place.
  const check = config?.containerConfig?.healthcheck ?? config?.config.healthcheck;
  if (check === undefined || manifest?.mediaType !== dockerManifest) return {};
  const { test, interval, timeout, startPeriod, retries } = check;
  return {
    Healthcheck: {
      ...withoutEmpty({ Test: test }),
      ...withoutZero({ StartPeriod: startPeriod, Interval: interval, Timeout: timeout, Retries: retries }),
    },
  };
}

/** What is empty as the configuration has it: an empty list or map where one is written down, null where not. */
function asWritten<Value extends object>(
  value: Value | undefined,
  parent: Json | undefined,
  key: string,
): Value | null {
  if (value === undefined || !isEmpty(value)) return value ?? null;
  const there = typeof parent === 'object' && parent !== null ? (parent as JsonObject)[key] : undefined;
  return typeof there === 'object' && there !== null ? value : null;
}

function orNull<Value extends object>(value: Value): Value | null {
  return isEmpty(value) ? null : value;
}

function isEmpty(value: object): boolean {
  return value instanceof Map ? value.size === 0 : Object.keys(value).length === 0;
}

/** Without properties that are undefined, `""`, `[]` or `{}`. */
function withoutEmpty(value: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(value).filter(([, field]) => {
      if (field === undefined || field === '') return false;
      return typeof field !== 'object' || field === null || !isEmpty(field);
    }),
  );
}

function withoutZero(value: Readonly<Record<string, number>>): object {
  return Object.fromEntries(Object.entries(value).filter(([, number]) => number !== 0));
}
