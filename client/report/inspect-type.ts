// What `inspect` tells of an image, as its templates see it.
import { decode } from '../output/template/decode.js';
import { durationType, timeType } from '../output/template/go-time.js';
import {
  anyType,
  boolType,
  int64Type,
  intType,
  mapOf,
  namedText,
  pointerTo,
  sliceOf,
  stringType,
  struct,
} from '../output/template/go-type.js';
import type { GoValue } from '../output/template/go-type.js';

const digestType = namedText('digest.Digest');
const emptyType = struct('struct {}', []);

const configType = struct('v1.ImageConfig', [
  ['User', stringType, 'User,omitempty'],
  ['ExposedPorts', mapOf(emptyType), 'ExposedPorts,omitempty'],
  ['Env', sliceOf(stringType), 'Env,omitempty'],
  ['Entrypoint', sliceOf(stringType), 'Entrypoint,omitempty'],
  ['Cmd', sliceOf(stringType), 'Cmd,omitempty'],
  ['Volumes', mapOf(emptyType), 'Volumes,omitempty'],
  ['WorkingDir', stringType, 'WorkingDir,omitempty'],
  ['Labels', mapOf(stringType), 'Labels,omitempty'],
  ['StopSignal', stringType, 'StopSignal,omitempty'],
]);

const historyType = struct('v1.History', [
  ['Created', pointerTo(timeType), 'created,omitempty'],
  ['CreatedBy', stringType, 'created_by,omitempty'],
  ['Author', stringType, 'author,omitempty'],
  ['Comment', stringType, 'comment,omitempty'],
  ['EmptyLayer', boolType, 'empty_layer,omitempty'],
]);

const healthType = struct('manifest.Schema2HealthConfig', [
  ['Test', sliceOf(stringType), ',omitempty'],
  ['StartPeriod', durationType, ',omitempty'],
  ['Interval', durationType, ',omitempty'],
  ['Timeout', durationType, ',omitempty'],
  ['Retries', intType, ',omitempty'],
]);

const dataType = struct('inspect.ImageData', [
  ['ID', stringType, 'Id'],
  ['Digest', digestType],
  ['RepoTags', sliceOf(stringType)],
  ['RepoDigests', sliceOf(stringType)],
  ['Parent', stringType],
  ['Comment', stringType],
  ['Created', pointerTo(timeType)],
  ['Config', pointerTo(configType)],
  ['Version', stringType],
  ['Author', stringType],
  ['Architecture', stringType],
  ['Os', stringType],
  ['Size', int64Type],
  ['VirtualSize', int64Type],
  [
    'GraphDriver',
    pointerTo(
      struct('define.DriverData', [
        ['Name', stringType],
        ['Data', mapOf(stringType)],
      ]),
    ),
  ],
  [
    'RootFS',
    pointerTo(
      struct('inspect.RootFS', [
        ['Type', stringType],
        ['Layers', sliceOf(digestType)],
      ]),
    ),
  ],
  ['Labels', mapOf(stringType)],
  ['Annotations', mapOf(stringType)],
  ['ManifestType', stringType],
  ['User', stringType],
  ['History', sliceOf(historyType)],
  ['NamesHistory', sliceOf(stringType)],
  ['HealthCheck', pointerTo(healthType), 'Healthcheck,omitempty'],
]);

const reportType = pointerTo(
  struct('entities.ImageInspectReport', [['ImageData', pointerTo(dataType), ',embedded']]),
);

/** The images of several answers, each a text of JSON. */
export function inspectedImages(images: readonly string[]): GoValue {
  const raw = images.map((image) => decode(reportType, JSON.parse(image)));
  return { type: sliceOf(anyType), raw };
}

/** Fields of podman's that have another name in templates: that of its type, or of docker. */
export function normalizeInspectFormat(format: string, image: boolean): string {
  const renamed = format
    .replace(/\{\{\s*\.Id\s*\}\}/g, '{{.ID}}')
    .replace(/\.Src|\.Dst|\.ImageID|\.Config\.Healthcheck/g, (found) => {
      if (found === '.Src') return '.Source';
      if (found === '.Dst') return '.Destination';
      if (found === '.ImageID') return '.Image';
      return image ? '.HealthCheck' : found;
    });
  return renamed;
}
