// Media types of manifests, configurations and layers, in the OCI's and in Docker's naming.

export const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
export const ociIndex = 'application/vnd.oci.image.index.v1+json';
export const ociConfig = 'application/vnd.oci.image.config.v1+json';
export const ociLayer = 'application/vnd.oci.image.layer.v1.tar';
export const ociLayerGzip = 'application/vnd.oci.image.layer.v1.tar+gzip';
export const ociLayerZstd = 'application/vnd.oci.image.layer.v1.tar+zstd';
export const ociNonDistributableLayer = 'application/vnd.oci.image.layer.nondistributable.v1.tar';
export const ociNonDistributableLayerGzip = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip';
export const ociNonDistributableLayerZstd = 'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd';

export const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json';
export const dockerManifestList = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const dockerSchema1 = 'application/vnd.docker.distribution.manifest.v1+json';
export const dockerSchema1Signed = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
export const dockerConfig = 'application/vnd.docker.container.image.v1+json';
export const dockerLayer = 'application/vnd.docker.image.rootfs.diff.tar';
export const dockerLayerGzip = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
export const dockerForeignLayer = 'application/vnd.docker.image.rootfs.foreign.diff.tar';
export const dockerForeignLayerGzip = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';

/** What a manifest can be, in the order in which a registry is asked for it. */
export const manifestMediaTypes: readonly string[] = [
  ociManifest,
  dockerManifest,
  dockerSchema1Signed,
  dockerSchema1,
  dockerManifestList,
  ociIndex,
];

/** Of lists of manifests. */
export function isIndexType(mediaType: string): boolean {
  return mediaType === ociIndex || mediaType === dockerManifestList;
}

/** What layers are compressed with. */
export const compressions = ['none', 'gzip', 'bzip2', 'xz', 'zstd'] as const;
export type Compression = (typeof compressions)[number];
