// One run or more for every command of imagectl, in an order in which they can follow one another on one store.

export interface CommandExample {
  /**
   * The words behind `imagectl`. REGISTRY stands for the registry, FILES for a directory with a context to build and a tar,
   * LAYER, BASE, APP and UNNAMED for images, CONTAINER for a container.
   */
  readonly line: string;
  /** podman prints the same for the same words. */
  readonly podman?: true;
  /** What is on standard input. */
  readonly input?: string;
  /** The words of a shell: for pipes. */
  readonly shell?: string;
}

const same = { podman: true } as const;

export const commandExamples: readonly CommandExample[] = [
  { line: 'pull REGISTRY/test/base:1' },
  { line: 'pull -q REGISTRY/test/app:1' },
  { line: 'pull REGISTRY/test/nowhere:1' },
  { line: 'pull -q --all-tags REGISTRY/test/app' },
  { line: 'pull -a REGISTRY/test/nowhere' },
  { line: 'ensure REGISTRY/test/base:1' },
  { line: 'images', ...same },
  { line: 'images --digests --no-trunc', ...same },
  { line: 'images -q --filter label=role=app', ...same },
  { line: 'images --format json REGISTRY/test/base' },
  { line: 'images --sort nonsense' },
  { line: 'images --filter nonsense=1' },
  { line: 'image list -n', ...same },
  { line: 'tag BASE two localhost/three:3', ...same },
  { line: 'untag BASE three:3' },
  { line: 'untag BASE three:3' },
  { line: 'history APP', ...same },
  { line: 'history --format json APP' },
  { line: 'history nothing', ...same },
  { line: 'inspect APP', ...same },
  { line: 'inspect nothing', ...same },
  { line: 'image inspect --format {{.Os}}/{{.Architecture}} APP BASE', ...same },
  { line: 'tree APP' },
  { line: 'image tree APP', ...same },
  { line: 'image tree --whatrequires BASE', ...same },
  { line: 'diff APP', ...same },
  { line: 'image diff --format json APP', ...same },
  { line: 'exists APP' },
  { line: 'image exists nothing', ...same },
  { line: 'search REGISTRY/ap', ...same },
  { line: 'search --compatible --limit 1 REGISTRY/test', ...same },
  { line: 'search --format json REGISTRY/base', ...same },
  { line: 'search --list-tags REGISTRY/test/base:1', ...same },
  { line: 'search --list-tags --limit 1 --format json REGISTRY/test/base', ...same },
  { line: 'search --list-tags REGISTRY/test/nowhere' },
  { line: 'search --list-tags --filter stars=1 REGISTRY/test/base', ...same },
  { line: 'search', ...same },
  { line: 'info' },
  { line: 'version' },
  { line: 'save -o FILES/app.tar APP' },
  { line: 'load -i FILES/app.tar' },
  { line: 'import -m imported FILES/files.tar imported:1' },
  { line: 'build -t built:1 FILES/context' },
  { line: 'commit -q -m changed CONTAINER committed:1' },
  { line: 'commit CONTAINER' },
  { line: 'commit nothing' },
  { line: 'push -q BASE REGISTRY/test/pushed:1' },
  { line: 'push --digestfile FILES/digest BASE REGISTRY/test/pushed:2' },
  { line: 'copy -q docker://REGISTRY/test/base:1 containers-storage:localhost/copied:1' },
  { line: 'rmi built:1 copied:1' },
  { line: 'rmi imported' },
  { line: 'rmi nothing', ...same },
  { line: 'image inspect nothing none', ...same },
  { line: 'rmi -i nothing', ...same },
  { line: 'rmi APP' },
  { line: 'image prune --filter nonsense=1 -f' },
  { line: 'image prune', input: 'n\n', ...same },
  { line: 'image prune', ...same },
  { line: 'prune -f' },
  { line: 'prune --filter x -f' },
  { line: 'events --since 1h --until 1s --filter event=tag' },
  { line: 'events --no-follow --filter event=pull --format {{.Type}}:{{.Status}}:{{.Name}}' },
  { line: 'bridge', input: '' },
  { line: 'completion nonsense' },
  { line: 'connection list' },
  { line: 'connection add one unix:/run/one' },
  { line: 'connection add two tls:127.0.0.1:1' },
  { line: 'connection default two' },
  { line: 'connection rename one three' },
  { line: 'connection list' },
  { line: 'connection list --format json' },
  { line: 'connection remove four' },
  { line: 'connection remove three' },
  { line: 'scp' },
  { line: 'scp two::IMAGE' },
  { line: 'imags' },
];
