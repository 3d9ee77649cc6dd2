// Messages as programs of 2018 to 2020 write them, and how they read the replies.
import { expect } from '@jest/globals';

import { buildTar } from '../../peers/sample-image.js';
import type { OldClient } from './old-client.js';

/** The log lines and the id that a stream of replies comes to. */
export interface Logged {
  readonly logs: readonly string[];
  readonly id: string;
}

export const getImage = (wanted: string): string =>
  `{"method":"io.podman.GetImage","parameters":{"id":"${wanted}"}}`;

/** The result of {@link getImage}. */
export const imageIs = (wanted: string): object => ({ image: expect.objectContaining({ id: wanted }) });

/** What `podman-remote build` of 1.9.3 sends for one Dockerfile; older ones leave `first` out. */
export function buildMessage(
  handle: string,
  output: string,
  first = '"architecture":"amd64","addCapabilities":[],',
): string {
  return `{"method":"io.podman.BuildImage","parameters":{"build":{${first}"additionalTags":[],"annotations":[],"buildArgs":{},"buildOptions":{"addHosts":[],"cgroupParent":"","cpuPeriod":0,"cpuQuota":0,"cpuShares":0,"cpusetCpus":"","cpusetMems":"","memory":0,"memorySwap":0,"shmSize":"65536k","ulimit":["nofile=1024:1024","nproc=1024:1024"],"volume":[]},"cniConfigDir":"/etc/cni/net.d","cniPluginDir":"/usr/libexec/cni:/opt/cni/bin","compression":"\\u0000","contextDir":"${handle}","defaultsMountFilePath":"","devices":[],"dockerfiles":["/home/user/project/Dockerfile"],"dropCapabilities":[],"err":"","forceRmIntermediateCtrs":true,"iidfile":"","label":[],"layers":true,"nocache":false,"os":"linux","out":"","output":"${output}","outputFormat":"application/vnd.oci.image.manifest.v1+json","pullPolicy":"PullIfMissing","quiet":false,"remoteIntermediateCtrs":true,"reportWriter":"","runtimeArgs":[],"signBy":"","squash":false,"target":"","transientMounts":[]}},"more":true}`;
}

/** A context with nothing but a Dockerfile. */
export function contextOf(dockerfile = 'FROM scratch\nLABEL a=b\n'): Promise<Buffer> {
  return buildTar([{ name: 'Dockerfile', content: dockerfile }]);
}

/** Sends a message whose results are under `key`, and reads its replies: a line each, and the id in the last. */
export async function streamed(caller: OldClient, message: string, key = 'reply'): Promise<Logged> {
  const replies = await caller.say(message);
  const results = replies.map(({ parameters }) => (parameters as Record<string, Logged>)[key]!);
  const last = results.at(-1);
  if (last === undefined || replies.at(-1)?.error !== undefined)
    throw new Error(JSON.stringify(replies.at(-1)));
  for (const { logs } of results.slice(0, -1)) expect(logs).toEqual([expect.stringMatching(/^[^\n]*\n$/)]);
  expect(last.logs).toEqual([]);
  return { logs: results.flatMap(({ logs }) => logs), id: last.id };
}

/** An archive of the image `name`, as podman-remote saves it. */
export async function savedArchive(caller: OldClient, name: string): Promise<Buffer> {
  const message = `{"method":"io.podman.ImageSave","parameters":{"options":{"name":"${name}","format":"docker-archive","output":"/home/user/saved.tar","outputType":"","moreTags":[],"quiet":false,"compress":false}},"more":true}`;
  const { id: handle } = await streamed(caller, message);
  caller.write(
    `{"method":"io.podman.ReceiveFile","parameters":{"path":"${handle}","delete":true},"upgrade":true}\0`,
  );
  const { parameters } = (await caller.next()) as { parameters: { len: number } };
  const archive = await caller.bytes(parameters.len);
  if (archive === undefined) throw new Error('the connection ended');
  return Buffer.from(archive, 'latin1');
}
