// Settings that name something of the host: volumes and devices.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RunRequestError } from './errors.js';

/** A `SOURCE:TARGET[:OPTIONS]` of the host's. */
export interface Volume {
  readonly source: string;
  /** Absolute in the root. */
  readonly target: string;
  readonly writable: boolean;
  /** What is changed is thrown away. */
  readonly overlay: boolean;
  /** For the runtime. */
  readonly options: readonly string[];
}

/** A device of the host, and where it is to be. */
export interface Device {
  readonly source: string;
  readonly target: string;
}

/** Options that are the runtime's, too. */
const passed = ['nosuid', 'suid', 'nodev', 'dev', 'noexec', 'exec', 'private', 'rprivate', 'slave', 'rslave'];
/** Labels, which need SELinux; mounts that would be seen by the host: they are not. */
const ignored = ['z', 'Z', 'bind', 'rbind', 'shared', 'rshared'];

/** A colon after a backslash is part of a path. Throws {@link RunRequestError}. */
export function parseVolume(text: string): Volume {
  const [source = '', target = '', optionText = '', ...rest] = text
    .split(/(?<!\\):/)
    .map((part) => part.replaceAll('\\:', ':'));
  if (!source.startsWith('/') || !target.startsWith('/') || rest.length > 0)
    throw new RunRequestError(`volume ${JSON.stringify(text)} is not /SOURCE:/TARGET[:OPTIONS]`);
  const options = optionText.split(',').filter((option) => option !== '');
  for (const option of options) {
    if (![...passed, ...ignored, 'ro', 'rw', 'O'].includes(option))
      throw new RunRequestError(`volume ${JSON.stringify(text)}: unknown option ${JSON.stringify(option)}`);
  }
  return {
    source,
    target,
    writable: !options.includes('ro'),
    overlay: options.includes('O'),
    options: options.filter((option) => passed.includes(option)),
  };
}

/**
 * The devices of `HOST[:CONTAINER[:rwm]]`: one, or all of a directory. Who may do what with them is what the host's files say;
 * the last part is checked only. Throws {@link RunRequestError}.
 */
export function parseDevices(text: string): Device[] {
  const [source = '', second = '', third, ...rest] = text.split(':');
  // The path in the container may be left out.
  const [target, access = 'rwm'] =
    second.startsWith('/') || second === '' ? [second || source, third] : [source, second];
  if (!source.startsWith('/') || rest.length > 0 || !/^[rwm]{1,3}$/.test(access))
    throw new RunRequestError(`device ${JSON.stringify(text)} is not /HOST[:/CONTAINER[:rwm]]`);
  const status = statSync(source, { throwIfNoEntry: false });
  if (status?.isDirectory() === true) {
    return readdirSync(source)
      .map((name) => ({ source: join(source, name), target: join(target, name) }))
      .filter((device) => isDevice(device.source));
  }
  if (!isDevice(source)) throw new RunRequestError(`device ${JSON.stringify(text)}: ${source} is none`);
  return [{ source, target }];
}

function isDevice(path: string): boolean {
  const status = statSync(path, { throwIfNoEntry: false });
  return status !== undefined && (status.isCharacterDevice() || status.isBlockDevice());
}
