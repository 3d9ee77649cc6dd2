// A directory with everything a layer may hold, made in place, and changes to it as overlay keeps them.
import { output } from './process.js';

const program = `
import os, socket, stat, struct, sys
root, kind, whole = os.fsencode(sys.argv[1]), sys.argv[2], sys.argv[3] == "whole"
os.umask(0)
os.chdir(root)
def write(name, content=b"", mode=0o644):
    with open(name, "wb") as file: file.write(content)
    os.chmod(name, mode)
def device(name, kind, major, minor):
    os.mknod(name, kind | 0o640, os.makedev(major, minor))
if kind == "base":
    for name in [b"etc", b"etc/deep", b"old", b"old/inner", b"gone", b"tmp", b"bin", b"kept"]: os.mkdir(name, 0o755)
    os.chmod(b"tmp", 0o1777)
    write(b"bin/tool", b"#!/bin/sh\\n", 0o4755)
    os.link(b"bin/tool", b"bin/another")
    os.symlink(b"tool", b"bin/link")
    os.link(b"bin/link", b"bin/same-link", follow_symlinks=False)
    os.symlink(b"x" * 150, b"bin/long-link")
    os.setxattr(b"bin/tool", "user.note", bytes(range(256)))
    write(b"bin/able", b"able", 0o755)
    os.setxattr(b"bin/able", "security.capability", struct.pack("<IIIII", 0x2000001, 1 << 10, 0, 0, 0))
    os.setxattr(b"etc/deep", "user.directory", b"too")
    write(b"etc/" + b"n" * 130, b"a long name")
    write("etc/ünïcode €".encode(), b"not ASCII")
    write(b"etc/not\\xffutf8", b"no UTF-8")
    write(b"etc/line\\nbreak", b"a line break")
    write(b"etc/empty", b"", 0)
    write(b"etc/owned", b"somebody's")
    os.chown(b"etc/owned", 3000000, 77)
    os.chown(b"old", 12, 34)
    write(b"old/inner/file", b"hidden later")
    write(b"gone/file", b"removed later")
    write(b"kept/file", b"changed later")
    with open(b"etc/holes", "wb") as file:
        file.truncate(1_000_000)
        file.seek(600_000)
        file.write(b"data")
    write(b"etc/large", bytes(range(256)) * 4000)
    os.mkfifo(b"tmp/fifo", 0o600)
    device(b"tmp/disk", stat.S_IFBLK, 8, 300)
    device(b"tmp/tty", stat.S_IFCHR, 4, 64)
    deep = b"kept"
    for _ in range(40):
        deep += b"/a-longer-component"
        os.mkdir(deep, 0o700)
    write(deep + b"/bottom", b"deep")
if kind == "change":
    import shutil
    shutil.rmtree(b"old"); os.mkdir(b"old", 0o711); write(b"old/new", b"new")
    # Of a second whiteout, which is a further name of the first, Go writes whose name that is.
    shutil.rmtree(b"gone")
    os.mkdir(b"fresh", 0o755); write(b"fresh/file", b"fresh")
    os.remove(b"bin/tool"); os.mkdir(b"bin/tool")
    write(b"kept/file", b"changed")
    os.chown(b"tmp/fifo", 5, 6)
if kind == "upper":
    for name in [b"old", b"bin", b"bin/tool", b"kept", b"etc"]: os.mkdir(name, 0o755)
    os.setxattr(b"old", "trusted.overlay.opaque", b"y")
    write(b"old/new", b"new")
    for name in [b"gone", b"etc/empty", b"bin/another"]: os.mknod(name, stat.S_IFCHR, 0)
    os.setxattr(b"kept", "trusted.overlay.impure", b"y")
    write(b"kept/file", b"changed")
    os.setxattr(b"kept/file", "trusted.overlay.origin", b"somewhere")
    os.setxattr(b"kept/file", "user.a=b", b"no tar holds it")
    for name in [b"kept/socket", b"old/socket"]:
        with socket.socket(socket.AF_UNIX) as one: one.bind(name)
for path, directories, names in os.walk(b".", topdown=False):
    for name in names + directories:
        full = os.path.join(path, name)
        seconds = 1_600_000_000 + sum(full)
        try: os.utime(full, ns=(seconds * 10**9, seconds * 10**9 + (0 if whole else 123456789)), follow_symlinks=False)
        except PermissionError: pass
`;

/** `base`: into an empty directory. `change`: what one does there. `upper`: what overlay keeps of that beside it. */
export async function makeRichTree(
  directory: string,
  kind: 'base' | 'change' | 'upper',
  times: 'whole' | 'fine',
): Promise<void> {
  await output('python3', ['-c', program, directory, kind, times]);
}
