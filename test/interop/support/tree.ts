// A directory tree as text: every property that a layer carries, one line for each entry.
import { output } from './process.js';

// Node has neither extended attributes nor names that are not UTF-8.
const program = `
import hashlib, json, os, stat, sys, time
root = os.fsencode(sys.argv[1])
seen = {}
def walk(path):
    for name in sorted(os.listdir(path)):
        full = os.path.join(path, name)
        s = os.lstat(full)
        line = dict(path=os.path.relpath(full, root).decode("utf-8", "backslashreplace"), type=stat.S_IFMT(s.st_mode),
                    mode=oct(stat.S_IMODE(s.st_mode)), uid=s.st_uid, gid=s.st_gid, mtime="now" if s.st_mtime > recent else str(s.st_mtime_ns))
        if stat.S_ISREG(s.st_mode):
            line["size"] = s.st_size
            line["sha256"] = hashlib.sha256(open(full, "rb").read()).hexdigest()
        if stat.S_ISLNK(s.st_mode):
            line["target"] = os.readlink(full).decode("utf-8", "backslashreplace")
        if stat.S_ISCHR(s.st_mode) or stat.S_ISBLK(s.st_mode):
            line["device"] = [os.major(s.st_rdev), os.minor(s.st_rdev)]
        if not stat.S_ISDIR(s.st_mode) and s.st_nlink > 1:
            line["same"] = seen.setdefault(s.st_ino, line["path"])
        names = [one for one in os.listxattr(full, follow_symlinks=False) if one not in ignored]
        if names:
            line["xattrs"] = {one: os.getxattr(full, one, follow_symlinks=False).hex() for one in sorted(names)}
        print(json.dumps(line))
        if stat.S_ISDIR(s.st_mode):
            walk(full)
# A mount leaves these behind; they are no part of a layer.
ignored = {"trusted.overlay.origin", "trusted.overlay.impure"}
recent = time.time() - 86400
walk(root)
`;

/** One JSON object a line, sorted by path; times of the last day, which no layer of the tests has, are `now`. */
export async function describeTree(directory: string): Promise<string[]> {
  const text = await output('python3', ['-c', program, directory]);
  return text.split('\n').filter((line) => line !== '');
}
