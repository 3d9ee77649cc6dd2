// The programs the whole suite runs beside imaged, and where Debian has them.

export interface PeerProgram {
  readonly name: string;
  /** Where it is, if it is no program but a library. */
  readonly path?: string;
  /** Debian's package. */
  readonly package: string;
  /** What cannot be tested without it, for the list at the end. */
  readonly needed: string;
}

/** Where Debian puts the libraries of a processor. */
const triplets: Readonly<Record<string, string>> = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

export const peerPrograms: readonly PeerProgram[] = [
  { name: 'podman', package: 'podman', needed: 'one store shared with podman' },
  { name: 'skopeo', package: 'skopeo', needed: 'byte-identical layers out of the store' },
  { name: 'buildah', package: 'buildah', needed: 'images made by buildah' },
  { name: 'runc', package: 'runc', needed: 'containers of pulled images' },
  { name: 'busybox', package: 'busybox-static', needed: 'commands that builds run' },
  { name: 'docker-registry', package: 'docker-registry', needed: 'pulls from a real registry' },
  { name: 'systemd-socket-activate', package: 'systemd', needed: 'socket activation' },
  { name: 'journalctl', package: 'systemd', needed: 'the log in the journal' },
  { name: 'promtool', package: 'prometheus', needed: 'metrics and alerts as Prometheus reads them' },
  { name: 'systemd-nspawn', package: 'systemd-container', needed: 'a system that is booted' },
  { name: 'newuidmap', package: 'uidmap', needed: 'the store of a user' },
  { name: 'zsh', package: 'zsh', needed: 'completion in zsh' },
  { name: 'fish', package: 'fish', needed: 'completion in fish' },
  { name: 'man', package: 'man-db', needed: 'manual pages' },
  { name: 'mandoc', package: 'mandoc', needed: 'manual pages, as another reader has them' },
  { name: 'go', package: 'golang-go', needed: 'calls from and to Go' },
  {
    name: "Go's varlink",
    path: '/usr/share/gocode/src/github.com/varlink/go/varlink/service.go',
    package: 'golang-github-varlink-go-dev',
    needed: 'calls from and to Go',
  },
  { name: 'varlink-go-certification', package: 'varlink-go', needed: "certification against Go's varlink" },
  { name: 'sshd', package: 'openssh-server', needed: 'calls to a service on another host' },
  { name: 'ssh', package: 'openssh-client', needed: 'calls to a service on another host' },
  { name: 'mount', package: 'mount', needed: 'a full disk' },
  { name: 'script', package: 'bsdutils', needed: 'output on a terminal' },
  { name: 'strace', package: 'strace', needed: 'which files the client reads' },
  { name: 'python3', package: 'python3', needed: 'locks held by another process' },
  { name: 'debootstrap', package: 'debootstrap', needed: 'builds on Debian' },
  { name: 'curl', package: 'curl', needed: 'the commands of the documentation' },
  { name: 'jq', package: 'jq', needed: 'the commands of the documentation' },
  { name: 'openssl', package: 'openssl', needed: 'registries with certificates' },
  { name: 'newuidmap', package: 'uidmap', needed: 'use without root' },
  { name: 'ip', package: 'iproute2', needed: 'the commands of the documentation' },
  { name: 'tar', package: 'tar', needed: 'layers written by GNU tar' },
  { name: 'xz', package: 'xz-utils', needed: 'layers packed with xz' },
  { name: 'bzip2', package: 'bzip2', needed: 'layers packed with bzip2' },
  { name: 'zstd', package: 'zstd', needed: 'layers packed with zstd' },
  {
    name: 'ISA-L',
    path: `/usr/lib/${triplets[process.arch] ?? process.arch}/libisal.so.2`,
    package: 'libisal2',
    needed: 'the faster way to unzip',
  },
];
