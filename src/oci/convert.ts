// Documents written anew: manifests in the other naming or with other layers, configs in the OCI's form (images-and-transports §6.5).
import type { ContainerConfig, HistoryEntry, ImageConfig } from './config.js';
import type { Descriptor } from './descriptor.js';
import { goJson, goTime, sortedByKey } from './go-json.js';
import type { ImageManifest } from './manifest.js';
import { ociIndex, ociManifest } from './media-types.js';
import { parseStrictJson, type JsonObject } from './strict-json.js';

/** A manifest of this type; both kinds in the order in which Go programs write them. */
export function formatManifest(manifest: Omit<ImageManifest, 'kind'>): Buffer {
  const { mediaType, config, layers, annotations } = manifest;
  const oci = mediaType === ociManifest;
  const document = {
    schemaVersion: 2,
    mediaType,
    config: formatDescriptor(config, oci),
    layers: layers.map((layer) => formatDescriptor(layer, oci)),
    ...(oci && Object.keys(annotations).length > 0 && { annotations: sortedByKey(annotations) }),
  };
  return Buffer.from(goJson(document));
}

/** Docker's descriptors have the size before the digest, the OCI's have it behind, and annotations. */
function formatDescriptor(descriptor: Descriptor, oci: boolean): object {
  const { mediaType, digest, size, urls, annotations } = descriptor;
  const places = urls !== undefined && urls.length > 0 && { urls };
  if (!oci) return { mediaType, size, digest, ...places };
  const notes = annotations !== undefined &&
    Object.keys(annotations).length > 0 && { annotations: sortedByKey(annotations) };
  return { mediaType, digest, size, ...places, ...notes };
}

/**
 * The config with nothing but what the OCI's form has, in the order of Podman 4 and its tools: what is lost changes the id of
 * the image, and so would another order.
 */
export function formatOciConfig(config: ImageConfig): Buffer {
  const created = goTimeOf(config.created);
  const document = {
    ...(created !== undefined && { created }),
    ...text('author', config.author),
    architecture: config.architecture,
    ...text('variant', config.variant),
    os: config.os,
    ...text('os.version', config.osVersion),
    ...list('os.features', config.osFeatures),
    config: ociContainerConfig(config.config),
    rootfs: { type: config.rootfs.type, diff_ids: config.rootfs.diffIds },
    ...(config.history.length > 0 && { history: config.history.map(ociHistory) }),
  };
  return Buffer.from(goJson(document));
}

function ociContainerConfig(config: ContainerConfig): object {
  return {
    ...text('User', config.user),
    ...set('ExposedPorts', config.exposedPorts),
    ...list('Env', config.env),
    ...list('Entrypoint', config.entrypoint),
    ...list('Cmd', config.cmd),
    ...set('Volumes', config.volumes),
    ...text('WorkingDir', config.workingDir),
    ...(Object.keys(config.labels).length > 0 && { Labels: sortedByKey(config.labels) }),
    ...text('StopSignal', config.stopSignal),
    ...(config.argsEscaped && { ArgsEscaped: true }),
  };
}

function ociHistory({ created, createdBy, author, comment, emptyLayer }: HistoryEntry): object {
  const time = goTimeOf(created);
  return {
    ...(time !== undefined && { created: time }),
    ...text('created_by', createdBy),
    ...text('author', author),
    ...text('comment', comment),
    ...(emptyLayer && { empty_layer: true }),
  };
}

function goTimeOf(time: string | undefined): string | undefined {
  return time === undefined ? undefined : (goTime(time) ?? time);
}

function text(key: string, value: string): object {
  return value === '' ? {} : { [key]: value };
}

function list(key: string, values: readonly string[]): object {
  return values.length === 0 ? {} : { [key]: values };
}

function set(key: string, members: readonly string[]): object {
  if (members.length === 0) return {};
  return { [key]: sortedByKey(Object.fromEntries(members.map((member) => [member, {}]))) };
}

/** One entry of an index as it is to be written: the same one, or what it has become. */
export type WrittenEntry = Pick<Descriptor, 'mediaType' | 'digest' | 'size'>;

/**
 * The index `bytes` with other entries, as a document of type `mediaType`: platforms, annotations and whatever else it says of
 * each stay. `entries` has one for each that it has, in order.
 */
export function formatIndex(bytes: Uint8Array, mediaType: string, entries: readonly WrittenEntry[]): Buffer {
  const { manifests, annotations } = parseStrictJson(bytes) as {
    readonly manifests: readonly JsonObject[];
    readonly annotations?: JsonObject;
  };
  const oci = mediaType === ociIndex;
  const document = {
    schemaVersion: 2,
    mediaType,
    manifests: manifests.map((entry, index) => Object.assign({}, entry, entries[index])),
    ...(oci && annotations !== undefined && { annotations }),
  };
  return Buffer.from(goJson(document));
}
