// Changes to the configuration that a commit is asked for (images-and-transports §12).
import type { ContainerConfig } from '../../oci/config.js';
import type { ConfigChanges } from '../copy/changes.js';
import { setVariables } from './clean-environment.js';

/**
 * The settings with the changes: user, entry point, command, working directory and stop signal are replaced, all else is added. An
 * entry point leaves the command as it is, as with Podman 1.9 and 4.3.
 */
export function applyChanges(settings: ContainerConfig, changes: ConfigChanges): ContainerConfig {
  return {
    ...settings,
    user: changes.user ?? settings.user,
    exposedPorts: sorted([...settings.exposedPorts, ...changes.exposedPorts]),
    env: setVariables(settings.env, changes.env),
    entrypoint: changes.entrypoint ?? settings.entrypoint,
    cmd: changes.cmd ?? settings.cmd,
    volumes: sorted([...settings.volumes, ...changes.volumes]),
    workingDir: changes.workingDir ?? settings.workingDir,
    labels: { ...settings.labels, ...changes.labels },
    stopSignal: changes.stopSignal ?? settings.stopSignal,
    onBuild: [...settings.onBuild, ...changes.onBuild],
  };
}

function sorted(members: readonly string[]): readonly string[] {
  return [...new Set(members)].toSorted();
}
