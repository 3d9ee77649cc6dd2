// The methods that change something or hand something out, and what of their calls is written down (docs/audit.md).

/** Dots lead into objects. */
export interface Audited {
  /** Of the parameters, in the names of the wire: what the call is about. Nothing here holds credentials. */
  readonly asked: readonly string[];
  /** Of the last reply, in the names of TypeScript: what came of it. No handles, which let others at files. */
  readonly got: readonly string[];
}

/** By full name. What is not here only reads. */
export const auditedMethods: ReadonlyMap<string, Audited> = new Map(
  Object.entries({
    'io.podman.TagImage': { asked: ['name', 'tagged'], got: ['image'] },
    'io.podman.UntagImage': { asked: ['name', 'tag'], got: ['image'] },
    'io.podman.RemoveImage': { asked: ['name', 'force'], got: ['image'] },
    'io.podman.RemoveImageWithResponse': {
      asked: ['name', 'force'],
      got: ['response.untagged', 'response.deleted'],
    },
    'io.podman.DeleteUnusedImages': { asked: [], got: ['images'] },
    'io.podman.ImagesPrune': { asked: ['all', 'filter'], got: ['pruned'] },
    'io.podman.PullImage': { asked: ['name'], got: ['reply.id'] },
    'io.podman.PushImage': { asked: ['name', 'tag', 'signBy'], got: ['reply.id'] },
    'io.podman.BuildImage': { asked: ['build.output', 'build.additionalTags'], got: ['image.id'] },
    'io.podman.Commit': { asked: ['name', 'image_name'], got: ['reply.id'] },
    'io.podman.ImageSave': { asked: ['options.name', 'options.format'], got: [] },
    'io.podman.LoadImage': { asked: ['name', 'inputFile'], got: ['reply.id'] },
    'io.podman.ImportImage': { asked: ['source', 'reference'], got: ['image'] },
    'io.podman.ExportImage': { asked: ['name', 'destination', 'tags'], got: ['image'] },
    'io.podman.ContainerRunlabel': {
      asked: ['runlabel.image', 'runlabel.label', 'runlabel.display'],
      got: [],
    },
    'io.imaged.CopyImage': { asked: ['source', 'destination'], got: ['digest'] },
    'io.imaged.Download': { asked: ['name', 'format'], got: ['id'] },
    'io.imaged.Build': { asked: ['settings.names'], got: ['id'] },
  }),
);
