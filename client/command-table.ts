// The commands of imagectl: where each stands, and the file it is in, which is read when it is run.
import type { Command } from 'commander';
import type { Context } from './context.js';

/** Declares a command: its description, arguments and options, and what it does. */
export type Define = (command: Command, context: Context) => void;

export type Names = readonly [name: string, ...aliases: string[]];

export interface CommandRow {
  /** Its name behind `imagectl`, and what else it may be called. */
  readonly top?: Names;
  /** The same behind `imagectl image`. */
  readonly image?: Names;
  /** Not listed: other programs call it. */
  readonly hidden?: true;
  /** It works on the other commands, which are loaded with it. */
  readonly onAll?: true;
  readonly load: () => Promise<Define>;
}

export const commandTable: readonly CommandRow[] = [
  { top: ['bridge'], load: async () => (await import('./commands/bridge.js')).defineBridge },
  { top: ['build'], image: ['build'], load: async () => (await import('./commands/build.js')).defineBuild },
  {
    top: ['__complete'],
    hidden: true,
    load: async () => (await import('./commands/complete.js')).defineComplete,
  },
  { top: ['commit'], load: async () => (await import('./commands/commit.js')).defineCommit },
  {
    top: ['completion'],
    onAll: true,
    load: async () => (await import('./commands/completion.js')).defineCompletion,
  },
  {
    top: ['connection'],
    load: async () => (await import('./commands/connection.js')).defineConnection,
  },
  { top: ['copy'], load: async () => (await import('./commands/copy.js')).defineCopy },
  { top: ['ensure'], load: async () => (await import('./commands/ensure.js')).defineEnsure },
  { top: ['diff'], image: ['diff'], load: async () => (await import('./commands/diff.js')).defineDiff },
  { top: ['events'], load: async () => (await import('./commands/events.js')).defineEvents },
  {
    top: ['exists'],
    image: ['exists'],
    load: async () => (await import('./commands/exists.js')).defineExists,
  },
  {
    top: ['history'],
    image: ['history'],
    load: async () => (await import('./commands/history.js')).defineHistory,
  },
  {
    top: ['images'],
    image: ['list', 'ls'],
    load: async () => (await import('./commands/images.js')).defineImages,
  },
  {
    top: ['import'],
    image: ['import'],
    load: async () => (await import('./commands/import.js')).defineImport,
  },
  { top: ['info'], load: async () => (await import('./commands/info.js')).defineInfo },
  { top: ['inspect'], load: async () => (await import('./commands/inspect.js')).defineInspect },
  { image: ['inspect'], load: async () => (await import('./commands/inspect.js')).defineImageInspect },
  { top: ['load'], image: ['load'], load: async () => (await import('./commands/load.js')).defineLoad },
  { top: ['prune'], image: ['prune'], load: async () => (await import('./commands/prune.js')).definePrune },
  { top: ['pull'], image: ['pull'], load: async () => (await import('./commands/pull.js')).definePull },
  { top: ['push'], image: ['push'], load: async () => (await import('./commands/push.js')).definePush },
  { top: ['rmi'], image: ['rm'], load: async () => (await import('./commands/rmi.js')).defineRmi },
  { top: ['save'], image: ['save'], load: async () => (await import('./commands/save.js')).defineSave },
  { top: ['scp'], image: ['scp'], load: async () => (await import('./commands/scp.js')).defineScp },
  {
    top: ['search'],
    image: ['search'],
    load: async () => (await import('./commands/search.js')).defineSearch,
  },
  { top: ['tag'], image: ['tag'], load: async () => (await import('./commands/tag.js')).defineTag },
  { top: ['tree'], image: ['tree'], load: async () => (await import('./commands/tree.js')).defineTree },
  { top: ['untag'], image: ['untag'], load: async () => (await import('./commands/untag.js')).defineUntag },
  { top: ['version'], load: async () => (await import('./commands/version.js')).defineVersion },
];
