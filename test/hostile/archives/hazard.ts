// What an archive that was made to do harm is, and helpers to change one that is right.
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { file, hexOf, podmanMembers, sampleParts } from '../../archive/images.js';
import { tarOf, type Made } from '../../archive/tar-builder.js';

export type HazardForm = 'docker-archive' | 'oci-archive' | 'oci' | 'dir';

/** `same` is the image of {@link parts}; a pattern is the message it has to be refused with. */
export interface Hazard {
  readonly name: string;
  readonly form: HazardForm;
  readonly outcome: 'same' | RegExp;
  /** Makes it at `path`; `canary` is a directory beside it that nobody may touch. */
  readonly make: (path: string, canary: string) => void;
}

export const parts = sampleParts();
export const [base, top] = parts.layers as [Buffer, Buffer, Buffer];
export const [baseName, topName] = [`${hexOf(base)}.tar`, `${hexOf(top)}.tar`];
export const configName = `${hexOf(parts.config)}.json`;
export const none = { uid: 0, gid: 0 };
export const mebibyte = 1024 ** 2;

export type Change = (list: Made[]) => readonly Made[];

export function docker(name: string, outcome: Hazard['outcome'], change: Change): Hazard {
  return dockerBytes(name, outcome, () => tarOf(...change(podmanMembers(parts))));
}

export function dockerBytes(name: string, outcome: Hazard['outcome'], bytes: () => Buffer): Hazard {
  return { name, form: 'docker-archive', outcome, make: (path) => writeFileSync(path, bytes()) };
}

/** One of the members by another one, or by several. */
export function replaced(name: string, ...by: readonly Made[]): Change {
  return (list) => list.flatMap((made) => (made.name === name ? by : [made]));
}

export const replacedManifest = (text: string | Buffer): Change =>
  replaced('manifest.json', file('manifest.json', text));

export function item(change: Readonly<Record<string, unknown>>): Change {
  const whole = { Config: configName, RepoTags: ['a:1'], Layers: [baseName, topName, baseName], ...change };
  return replacedManifest(JSON.stringify([whole]));
}

/** Another config under the name that manifest.json has. */
export const config = (text: string | Buffer): Change => replaced(configName, file(configName, text));

export function changedConfig(change: object): Change {
  return config(JSON.stringify({ ...(JSON.parse(parts.config.toString()) as object), ...change }));
}

export function link(name: string, to: string): Made {
  return { name, type: '2', link: to, ...none };
}

/** Just over the ratio and the size from which it counts. */
export function bomb(): Buffer {
  const piece = Buffer.alloc(64 * mebibyte);
  const zipped = gzipSync(piece, { level: 9 });
  // Members that follow one another are one file.
  return Buffer.concat(Array<Buffer>(17).fill(zipped));
}
