// What Docker before 1.8.3 wrote of an image, written again as Go writes it: ids were made of that.
import { goTime, sortedByKey } from './go-json.js';
import { Fields } from './json-fields.js';

/** Was this written by a Docker whose descriptions are not taken as they are? */
export function isOlderDocker(version: string): boolean {
  const given = version.split('.').map((part) => (/^[0-9]+$/.test(part) ? Number(part) : 0));
  const parts = [1, 8, 3].map((limit, index) => (given[index] ?? 0) - limit);
  return version !== '' && (parts.find((difference) => difference !== 0) ?? 0) < 0;
}

/** The fields that Docker knew, in Go's order, those without a value left out where Go leaves them out. */
export function olderImage(fields: Fields): object {
  const created = fields.string('created') ?? '';
  const config = fields.object('config');
  return {
    ...text(fields, 'comment'),
    created: goTime(created) ?? '0001-01-01T00:00:00Z',
    ...text(fields, 'container'),
    container_config: olderConfig(fields.object('container_config') ?? new Fields({})),
    ...text(fields, 'docker_version'),
    ...text(fields, 'author'),
    ...(config !== undefined && { config: olderConfig(config) }),
    ...text(fields, 'architecture'),
    ...text(fields, 'os'),
  };
}

function olderConfig(fields: Fields): object {
  const is = (key: string): boolean => fields.boolean(key) ?? false;
  return {
    Hostname: fields.string('Hostname') ?? '',
    Domainname: fields.string('Domainname') ?? '',
    User: fields.string('User') ?? '',
    AttachStdin: is('AttachStdin'),
    AttachStdout: is('AttachStdout'),
    AttachStderr: is('AttachStderr'),
    ...filled(fields, 'ExposedPorts'),
    Tty: is('Tty'),
    OpenStdin: is('OpenStdin'),
    StdinOnce: is('StdinOnce'),
    Env: fields.strings('Env') ?? null,
    Cmd: command(fields, 'Cmd'),
    ...(is('ArgsEscaped') && { ArgsEscaped: true }),
    Image: fields.string('Image') ?? '',
    Volumes: set(fields, 'Volumes'),
    WorkingDir: fields.string('WorkingDir') ?? '',
    Entrypoint: command(fields, 'Entrypoint'),
    ...(is('NetworkDisabled') && { NetworkDisabled: true }),
    ...text(fields, 'MacAddress'),
    OnBuild: fields.strings('OnBuild') ?? null,
    Labels: labels(fields),
    ...text(fields, 'StopSignal'),
  };
}

function text(fields: Fields, key: string): object {
  const value = fields.string(key) ?? '';
  return value === '' ? {} : { [key]: value };
}

/** One text stood for a list of it. */
function command(fields: Fields, key: string): readonly string[] | null {
  const value = fields.get(key);
  return typeof value === 'string' ? [value] : (fields.strings(key) ?? null);
}

function set(fields: Fields, key: string): ReadonlyMap<string, object> | null {
  const members = fields.object(key)?.keys();
  return members === undefined ? null : sortedByKey(Object.fromEntries(members.map((name) => [name, {}])));
}

function filled(fields: Fields, key: string): object {
  const members = set(fields, key);
  return members === null || members.size === 0 ? {} : { [key]: members };
}

function labels(fields: Fields): ReadonlyMap<string, string> | null {
  const values = fields.stringMap('Labels');
  return values === undefined ? null : sortedByKey(values);
}
