// Commit of containers whose files are partly notes of overlay that the content is in the image: beside podman's.
import { mkdir, readdir, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { ContainerScene } from './support/container-scene.js';
import { output } from './support/process.js';
import { describeTree } from './support/tree.js';

jest.setTimeout(120_000);

const base = 'localhost/notes:1';
/** What Fedora has in its storage.conf; it turns on `redirect_dir`, too. */
const metacopy = ['--storage-opt', 'overlay.mountopt=nodev,metacopy=on'];

const prelude = `
import os, shutil, struct, sys
os.umask(0o022)
os.chdir(sys.argv[1])
def write(name, content):
    with open(name, "w") as file: file.write(content)
`;

// Deeper than a walk holds directories open.
const makeBase = `${prelude}
for name in ["etc", "tree/sub/inner", "full/sub", "far"]: os.makedirs(name)
for name in ["mode", "owner", "noted", "time", "moved", "able", "short"]: write("etc/" + name, name * 100)
os.setxattr("etc/able", "security.capability", struct.pack("<IIIII", 0x2000001, 1 << 10, 0, 0, 0))
write("etc/large", "large" * 200000)
for name in ["one", "two", "changed", "removed", "sub/deep", "sub/inner/most"]: write("tree/" + name, name)
os.link("tree/one", "tree/same")
os.link("tree/one", "etc/same")
os.setxattr("tree", "user.directory", b"kept")
write("full/hidden", "hidden"); write("full/sub/hidden", "hidden")
deep = "far/" + "/".join("d%d" % i for i in range(80))
os.makedirs(deep); write(deep + "/bottom", "bottom"); write("far/last", "last"); write("zlast", "last")
for at, directories, files in os.walk("."):
    for name in directories + files: os.utime(os.path.join(at, name), (1500000000, 1500000000), follow_symlinks=False)
`;

const changeFiles = `${prelude}
os.chmod("etc/mode", 0o4711)
os.chown("etc/owner", 3, 4)
os.setxattr("etc/noted", "user.note", b"new")
os.utime("etc/time", (1400000000, 1400000000))
os.chmod("etc/large", 0o600)
os.chown("etc/able", 5, 6)
os.chmod("etc/same", 0o640)
os.chmod("etc/short", 0o600); os.truncate("etc/short", 5)
`;

const moveDirectories = `${changeFiles}
os.chmod("etc/moved", 0o600); os.rename("etc/moved", "etc/elsewhere")
shutil.rmtree("full"); os.rename("tree", "full")
os.chmod("full", 0o700)
os.remove("full/removed"); write("full/changed", "changed"); write("full/new", "new")
os.chmod("full/sub/deep", 0o600)
os.rename("full/sub/inner", "inner")
write("fresh", "fresh"); os.link("fresh", "full/fresh"); os.link("fresh", "zfresh")
os.chmod("full/two", 0o600); os.link("full/two", "two")
os.mkdir("below"); os.rename("far", "below/far"); os.chmod("below/far/last", 0o600)
`;

let scene: ContainerScene;

beforeAll(async () => {
  scene = await ContainerScene.open();
  const root = join(scene.store.directory, 'base');
  await mkdir(root);
  await output('python3', ['-c', makeBase, root]);
  const tar = join(scene.store.directory, 'notes.tar');
  await output('tar', ['--xattrs', '--xattrs-include=*', '-C', root, '-cf', tar, '.']);
  await rm(root, { recursive: true });
  await podman('import', '--quiet', tar, base);
});

afterAll(async () => {
  await scene.close();
});

function podman(...args: readonly string[]): Promise<string> {
  return scene.store.podmanOutput(...args);
}

/** The notes that are in the upper directory then. */
async function changed(container: string, program: string): Promise<readonly string[]> {
  await podman('create', '--name', container, base, '/bin/sh');
  const merged = await podman(...metacopy, 'mount', container);
  await output('python3', ['-c', program, merged]);
  const find = `import os, sys
for at, directories, files in os.walk(sys.argv[1]):
    for name in directories + files:
        path = os.path.join(at, name)
        for key in os.listxattr(path, follow_symlinks=False):
            if key in ("trusted.overlay.metacopy", "trusted.overlay.redirect"): print(os.path.relpath(path, sys.argv[1]) + " " + key[16:])
`;
  return (await output('python3', ['-c', find, join(merged, '..', 'diff')])).trim().split('\n').toSorted();
}

/** What the threads of imaged have of mounts that others have not: namespaces, and directories of views. */
async function held(): Promise<readonly string[]> {
  const process = `/proc/${scene.daemon.pid}`;
  const own = await readlink(`${process}/ns/mnt`);
  const threads = await readdir(`${process}/task`);
  const spaces = await Promise.all(threads.map((thread) => readlink(`${process}/task/${thread}/ns/mnt`)));
  const open = await readdir(`${process}/fd`);
  const paths = await Promise.all(open.map((fd) => readlink(`${process}/fd/${fd}`).catch(() => '')));
  return [...spaces.filter((space) => space !== own), ...paths.filter((path) => path === '/')];
}

async function treeOf(image: string): Promise<readonly string[]> {
  return await describeTree(await podman('image', 'mount', image));
}

describe('an image of a container with notes of overlay', () => {
  it('has the layer of podman, where only what is said of files is changed', async () => {
    expect(await changed('files', changeFiles)).toContain('etc/mode metacopy');
    await podman(...metacopy, 'commit', '--quiet', 'files', 'theirs');
    await scene.commit('files', { image_name: 'ours' });
    expect((await scene.inspect('ours')).RootFS).toEqual((await scene.inspect('theirs')).RootFS);
  });

  it('has the files of podman, where directories have other names, and holds no mount', async () => {
    const notes = await changed('directories', moveDirectories);
    const expected = ['full redirect', 'inner redirect', 'full/sub/deep metacopy', 'etc/elsewhere redirect'];
    expect(notes).toEqual(expect.arrayContaining(expected));
    await podman(...metacopy, 'commit', '--quiet', 'directories', 'theirs:2');
    await scene.commit('directories', { image_name: 'ours:2' });
    const [ours, theirs] = [await treeOf('ours:2'), await treeOf('theirs:2')];
    expect(ours).toEqual(theirs);
    expect(ours.join('\n')).toContain('"path": "full/fresh"');
    expect(ours.join('\n')).not.toContain('hidden');
    expect(await held()).toEqual([]);
  });
});
