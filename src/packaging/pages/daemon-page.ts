// imaged(8), from the text that imaged --help prints.
import { usage } from '../../daemon/options.js';
import { entry, heading, paragraph, references, section, type Page } from './roff.js';

export function daemonPage(version: string): Page {
  const text = [
    heading('imaged', 8, version),
    section('NAME', 'imaged \\- container images as a local service\n'),
    section('SYNOPSIS', '\\fBimaged\\fR [options]\n'),
    section(
      'DESCRIPTION',
      paragraph(
        'Serves the varlink interfaces io.podman and io.imaged on unix sockets: it pulls, pushes, builds, lists and removes the images of the store that podman, buildah and skopeo use, too.',
      ),
      paragraph(
        'Under systemd, imaged.socket starts it at the first connection, and it ends after five minutes without one. Sockets are told apart by FileDescriptorName=: varlink, jsonrpc, readonly, metrics.',
      ),
    ),
    section('OPTIONS', ...optionsOf(usage).map(([term, meaning]) => entry(term, meaning))),
    section(
      'EXIT STATUS',
      entry('0', 'After SIGTERM, SIGINT, or idling.'),
      entry('1', 'It could not start.'),
      entry('2', 'Options that it cannot follow.'),
    ),
    section(
      'FILES',
      entry('/run/imaged/io.podman', "Root's socket; a user's is $XDG_RUNTIME_DIR/imaged/io.podman."),
      entry(
        '/etc/containers',
        'storage.conf, registries.conf, policy.json, containers.conf, certs.d: as podman reads them.',
      ),
      entry('/var/lib/containers/storage', 'The store; ~/.local/share/containers/storage for a user.'),
    ),
    section('SEE ALSO', references(['imagectl.1', 'systemd.socket.5'])),
  ];
  return { file: 'man8/imaged.8', text: text.join('') };
}

/** The options in the text of --help: lines that begin with one, and those that go on below its explanation. */
export function optionsOf(text: string): readonly (readonly [term: string, meaning: string])[] {
  const options: [string, string][] = [];
  for (const line of text.split('\n').slice(1)) {
    const begin = /^ {2}(-.*?)(?: {2,}| (?=[a-z]))(\S.*)$/.exec(line);
    const last = options.at(-1);
    if (begin !== null) options.push([begin[1] ?? '', begin[2] ?? '']);
    else if (last !== undefined && line.trim() !== '') last[1] += ` ${line.trim()}`;
  }
  return options;
}
