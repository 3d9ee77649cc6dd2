// Which role each method needs, and the refusal of callers that have a lesser one.
import { transportNameIn } from '../oci/transport-name.js';
import type { ioImaged } from '../generated/io-imaged.js';
import type { ioPodman } from '../generated/io-podman.js';
import { PermissionDenied, type CallContext, type Peer, type Permit } from '../rpc/index.js';
import { suffices, type AccessRules, type Role } from './access-rules.js';

/** What a method needs; with a function, what it needs for these parameters, and at least. */
export interface Need {
  readonly role: Role;
  readonly of?: (parameters: never) => { readonly role: Role; readonly what: string } | undefined;
}

type Table<Descriptor extends { readonly methods: object }> = {
  readonly [Method in keyof Descriptor['methods']]: Need;
};

/** Looks at images and containers, and reads out what is in images. */
const read: Need = { role: 'read' };
/** Changes what others find, sends with the credentials of the service, or runs something. */
const admin: Need = { role: 'admin' };

const podman: Table<typeof ioPodman> = {
  GetVersion: read,
  GetInfo: read,
  ListImages: read,
  ListImagesWithFilters: read,
  GetImage: read,
  ImageExists: read,
  InspectImage: read,
  HistoryImage: read,
  ImageTree: read,
  GetLayersMapWithImageInfo: read,
  BuildImageHierarchyMap: read,
  Diff: read,
  GetEvents: read,
  ContainerExists: read,
  ContainerStateData: read,
  // Whoever may read an image may have it. How many files wait for them is bounded (runtime/files/file-exchange.ts).
  ImageSave: read,
  ReceiveFile: read,
  // Registries are asked, with the credentials of the service.
  SearchImages: { role: 'pull' },
  // An image gets the name it has at its registry and no other, so nobody is led astray; what is in a file names itself.
  PullImage: { role: 'pull', of: pullNeed },
  // A name may be what another relies on.
  TagImage: admin,
  UntagImage: admin,
  RemoveImage: admin,
  RemoveImageWithResponse: admin,
  DeleteUnusedImages: admin,
  ImagesPrune: admin,
  PushImage: admin,
  ExportImage: admin,
  // Only of use to those below, and a way to fill the disk.
  SendFile: admin,
  LoadImage: admin,
  ImportImage: admin,
  // Commit stops containers, the last two run commands.
  Commit: admin,
  BuildImage: admin,
  ContainerRunlabel: admin,
};

const imaged: Table<typeof ioImaged> = {
  WatchOperations: read,
  // Even from a registry to the store: the copy gets any name, and replaces the image that had it.
  CopyImage: admin,
  // As SearchImages.
  ListTags: { role: 'pull' },
  Build: admin,
  // As ImageSave and SendFile.
  Download: read,
  Upload: admin,
};

/** By full name. */
export const needs: ReadonlyMap<string, Need> = new Map([
  ...Object.entries(podman).map(([name, need]) => [`io.podman.${name}`, need] as const),
  ...Object.entries(imaged).map(([name, need]) => [`io.imaged.${name}`, need] as const),
]);

function pullNeed({
  name,
}: {
  readonly name: string;
}): { readonly role: Role; readonly what: string } | undefined {
  const transport = transportNameIn(name)?.transport ?? 'docker';
  return transport === 'docker' ? undefined : { role: 'admin', what: `from ${transport}:` };
}

/** The check that stands before every method; `rules` gives those of the moment, so that a change counts for the next call. */
export function permitBy(rules: () => AccessRules): Permit {
  return (method, { peer }: CallContext) => {
    // A method that nobody has thought of is not for everybody.
    const { role, of } = needs.get(method) ?? admin;
    const grant = rules().grant(peer);
    if (!suffices(grant.role, role)) throw refusal(method, role, peer, grant);
    if (of === undefined || grant.role === 'admin') return undefined;
    return (parameters) => {
      const need = of(parameters as never);
      if (need !== undefined && !suffices(grant.role, need.role))
        throw refusal(`${method} ${need.what}`, need.role, peer, grant);
    };
  };
}

function refusal(
  what: string,
  needed: Role,
  peer: Peer,
  { role, why }: { role: Role; why: string },
): PermissionDenied {
  const has = role === 'none' ? 'no role' : `the role ${role}`;
  return new PermissionDenied(`${what} needs the role ${needed}; ${callerOf(peer)} has ${has} (${why})`);
}

function callerOf({ uid, name }: Peer): string {
  if (uid >= 0) return `user ${uid}`;
  // It is what an authority has signed, and may be anything all the same.
  return name === undefined ? 'a caller whom nobody knows' : `client ${JSON.stringify(name)}`;
}
