// Image configurations in Docker's form, as Podman's tools write it (images-and-transports §6.5).
import type { ContainerConfig, Healthcheck, HistoryEntry, ImageConfig } from './config.js';
import { goJson, goTime, sortedByKey } from './go-json.js';

/** The config with everything Docker's form has room for. `parent` is the id of the image it was made from, empty for none. */
export function formatDockerConfig(config: ImageConfig, parent: string): Buffer {
  const container = containerConfig(config.config);
  const document = {
    ...text('comment', config.comment),
    ...(config.created !== undefined && { created: goTime(config.created) ?? config.created }),
    ...text('docker_version', config.dockerVersion),
    container_config: container,
    ...text('author', config.author),
    config: container,
    architecture: config.architecture,
    ...text('variant', config.variant),
    os: config.os,
    ...text('parent', parent === '' ? '' : `sha256:${parent}`),
    rootfs: { type: 'layers', diff_ids: config.rootfs.diffIds },
    history: config.history.map(historyEntry),
    ...text('os.version', config.osVersion),
    ...(config.osFeatures.length > 0 && { 'os.features': config.osFeatures }),
  };
  return Buffer.from(goJson(document));
}

function containerConfig(config: ContainerConfig): object {
  const { exposedPorts, healthcheck } = config;
  return {
    Hostname: '',
    Domainname: '',
    User: config.user,
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    ...(exposedPorts.length > 0 && { ExposedPorts: setOf(exposedPorts) }),
    Tty: false,
    OpenStdin: false,
    StdinOnce: false,
    Env: config.env,
    Cmd: config.cmd,
    ...(healthcheck !== undefined && { Healthcheck: healthcheckOf(healthcheck) }),
    ...(config.argsEscaped && { ArgsEscaped: true }),
    Image: '',
    Volumes: setOf(config.volumes),
    WorkingDir: config.workingDir,
    Entrypoint: config.entrypoint,
    OnBuild: config.onBuild,
    Labels: sortedByKey(config.labels),
    ...text('StopSignal', config.stopSignal),
    ...(config.shell.length > 0 && { Shell: config.shell }),
  };
}

function healthcheckOf({
  test,
  interval,
  timeout,
  startPeriod,
  startInterval,
  retries,
}: Healthcheck): object {
  return {
    Test: test,
    ...number('Interval', interval),
    ...number('Timeout', timeout),
    ...number('StartPeriod', startPeriod),
    ...number('StartInterval', startInterval),
    ...number('Retries', retries),
  };
}

function historyEntry({ created, createdBy, author, comment, emptyLayer }: HistoryEntry): object {
  return {
    ...(created !== undefined && { created: goTime(created) ?? created }),
    ...text('author', author),
    ...text('created_by', createdBy),
    ...text('comment', comment),
    ...(emptyLayer && { empty_layer: true }),
  };
}

function setOf(members: readonly string[]): object {
  return sortedByKey(Object.fromEntries(members.map((member) => [member, {}])));
}

function text(key: string, value: string): object {
  return value === '' ? {} : { [key]: value };
}

function number(key: string, value: number): object {
  return value === 0 ? {} : { [key]: value };
}
