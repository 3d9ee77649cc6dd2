// One way at least to call each command of imagectl on a terminal, each possible at any time on a scene that has what they name.

export interface TerminalExample {
  /** The words behind `imagectl`; those in capitals stand for what the scene has: {@link Names}. */
  readonly line: string;
  /** What is typed. */
  readonly typed?: string;
  /** 0 when absent. */
  readonly code?: number;
}

/** What the words in capitals stand for. */
export interface Names {
  /** An image that is in the store and in a registry. */
  readonly IMAGE: string;
  /** The registry, `host:port`. */
  readonly REGISTRY: string;
  /** A container of that image. */
  readonly CONTAINER: string;
  /** An archive of an image, and a tar of a file system. */
  readonly ARCHIVE: string;
  readonly TAR: string;
  /** A directory with a Dockerfile. */
  readonly CONTEXT: string;
  /** A name that nothing has, and a path where nothing is, each time another one. */
  readonly NEW: string;
  readonly PATH: string;
}

export const terminalExamples: readonly TerminalExample[] = [
  // The end of the input; no call has been made until then.
  { line: 'bridge', typed: '\x04' },
  { line: 'build -t NEW CONTEXT' },
  { line: 'build -q --no-cache -t NEW CONTEXT' },
  { line: 'build CONTEXT/missing', code: 125 },
  { line: 'commit -q CONTAINER NEW' },
  { line: 'commit CONTAINER NEW' },
  { line: 'completion bash' },
  { line: 'connection list' },
  { line: 'copy docker://IMAGE dir:PATH' },
  { line: 'copy -q docker://IMAGE dir:PATH' },
  { line: 'diff IMAGE' },
  { line: 'ensure IMAGE' },
  { line: 'events --no-stream' },
  { line: 'exists IMAGE' },
  { line: 'exists nothing', code: 1 },
  { line: 'history IMAGE' },
  { line: 'images' },
  { line: 'images --format json' },
  { line: 'images --nonsense', code: 125 },
  { line: 'image ls -q' },
  { line: 'import TAR NEW' },
  { line: 'info' },
  { line: 'inspect IMAGE' },
  { line: 'inspect nothing', code: 125 },
  { line: 'load -i ARCHIVE' },
  { line: 'load -q -i ARCHIVE' },
  { line: 'prune -f' },
  { line: 'pull IMAGE' },
  { line: 'pull -q IMAGE' },
  { line: 'pull REGISTRY/test/nothing:1', code: 125 },
  { line: 'push IMAGE dir:PATH' },
  { line: 'push -q IMAGE dir:PATH' },
  { line: 'rmi nothing', code: 1 },
  { line: 'save -o PATH IMAGE' },
  { line: 'save -q --format oci-dir -o PATH IMAGE' },
  { line: 'scp nowhere::IMAGE', code: 125 },
  { line: 'search REGISTRY/terminal' },
  { line: 'tag IMAGE NEW' },
  { line: 'tree IMAGE' },
  { line: 'untag IMAGE localhost/none', code: 125 },
  { line: 'version' },
  { line: '--version' },
  { line: '--help' },
  { line: 'image', code: 125 },
];

/** The words of a line with the names in their places. */
export function wordsOf({ line }: TerminalExample, names: Names): string[] {
  const values = new Map(Object.entries(names));
  return line.split(' ').map((word) => word.replace(/[A-Z]{3,}/g, (name) => values.get(name) ?? name));
}
