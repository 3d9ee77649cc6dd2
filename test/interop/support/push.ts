// Puts a sample image into a real registry, byte for byte as it is.
import type { SampleBlob, SampleImage } from '../../peers/sample-image.js';

/** Uploads all blobs, then the manifest under the tag; returns `HOST/REPOSITORY:TAG`. */
export async function pushImage(
  host: string,
  repository: string,
  tag: string,
  image: Pick<SampleImage, keyof SampleBlob | 'config'> & { readonly layers: readonly SampleBlob[] },
): Promise<string> {
  for (const blob of [image.config, ...image.layers]) {
    await upload(host, repository, blob);
  }
  await putManifest(host, repository, tag, image);
  return `${host}/${repository}:${tag}`;
}

/** Puts a manifest or an index whose parts are there already. */
export async function putManifest(
  host: string,
  repository: string,
  reference: string,
  manifest: SampleBlob,
): Promise<void> {
  await succeed(`http://${host}/v2/${repository}/manifests/${reference}`, {
    method: 'PUT',
    headers: { 'content-type': manifest.mediaType },
    body: new Uint8Array(manifest.bytes),
  });
}

async function upload(host: string, repository: string, blob: SampleBlob): Promise<void> {
  const begun = await succeed(`http://${host}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  const place = new URL(begun.headers.get('location') ?? '', `http://${host}`);
  place.searchParams.set('digest', blob.digest);
  await succeed(place.href, {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream' },
    body: new Uint8Array(blob.bytes),
  });
}

async function succeed(url: string, request: RequestInit): Promise<Response> {
  const response = await fetch(url, request);
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`${request.method} ${url}: ${response.status} ${text}`);
  }
  return response;
}
