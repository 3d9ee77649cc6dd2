// Puts the client and what it imports into a few files: opening each of many takes longer than running it.
import { relative, sep } from 'node:path';
import { rolldown } from 'rolldown';

/** What the client is made of. Nothing of it may need the store or native code. */
const ownFolders: readonly string[] = ['client', 'src/rpc', 'src/generated', 'src/build/ignore'];
const modules = 'node_modules';

/** Bundles the entries into `directory`, each under its name. Returns the folders of the packages that are in it. */
export async function bundle(
  entries: Readonly<Record<string, string>>,
  directory: string,
): Promise<readonly string[]> {
  const build = await rolldown({
    input: { ...entries },
    platform: 'node',
    external: [/^node:/],
    onLog: (level, log, report) => report(level === 'warn' ? 'error' : level, log),
  });
  try {
    const { output } = await build.write({
      dir: directory,
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: 'parts/[name]-[hash].js',
    });
    const files = output.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : []));
    return packagesOf(files.filter((file) => !file.startsWith('\0')).map((file) => relative('.', file)));
  } finally {
    await build.close();
  }
}

function packagesOf(files: readonly string[]): string[] {
  const packages = new Set<string>();
  for (const file of files) {
    if (file.startsWith(modules + sep)) {
      const [scope = '', name = ''] = file.slice(modules.length + 1).split(sep);
      packages.add([modules, scope, ...(scope.startsWith('@') ? [name] : [])].join(sep));
    } else if (!ownFolders.some((folder) => file.startsWith(`dist/${folder}/`))) {
      throw new Error(`${file}: the client must not import it; it may import ${ownFolders.join(', ')}`);
    }
  }
  return [...packages].toSorted();
}
