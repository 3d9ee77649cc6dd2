// What `info` tells, as its templates see it: what the service knows of that which podman tells of itself.
import { decode } from '../output/template/decode.js';
import {
  anyType,
  int64Type,
  intType,
  mapOf,
  pointerTo,
  stringType,
  struct,
} from '../output/template/go-type.js';
import type { GoValue } from '../output/template/go-type.js';

const distributionType = struct('define.DistributionInfo', [
  ['Distribution', stringType, 'distribution'],
  ['Version', stringType, 'version'],
]);

const hostType = struct('define.HostInfo', [
  ['Arch', stringType, 'arch'],
  ['BuildahVersion', stringType, 'buildahVersion'],
  ['CPUs', intType, 'cpus'],
  ['Distribution', distributionType, 'distribution'],
  ['EventLogger', stringType, 'eventLogger'],
  ['Hostname', stringType, 'hostname'],
  ['Kernel', stringType, 'kernel'],
  ['MemFree', int64Type, 'memFree'],
  ['MemTotal', int64Type, 'memTotal'],
  ['OS', stringType, 'os'],
  ['SwapFree', int64Type, 'swapFree'],
  ['SwapTotal', int64Type, 'swapTotal'],
  ['Uptime', stringType, 'uptime'],
]);

const storeType = struct('define.StoreInfo', [
  ['ContainerStore', struct('define.ContainerStore', [['Number', intType, 'number']]), 'containerStore'],
  ['GraphDriverName', stringType, 'graphDriverName'],
  ['GraphOptions', mapOf(anyType), 'graphOptions'],
  ['GraphRoot', stringType, 'graphRoot'],
  ['GraphStatus', mapOf(stringType), 'graphStatus'],
  ['ImageStore', struct('define.ImageStore', [['Number', intType, 'number']]), 'imageStore'],
  ['RunRoot', stringType, 'runRoot'],
]);

const versionType = struct('define.Version', [
  ['Version', stringType, 'Version'],
  ['GoVersion', stringType, 'GoVersion'],
  ['GitCommit', stringType, 'GitCommit'],
  ['Compiler', stringType, 'Compiler'],
]);

const infoType = pointerTo(
  struct('define.Info', [
    ['Host', pointerTo(hostType), 'host'],
    ['Store', pointerTo(storeType), 'store'],
    ['Registries', mapOf(anyType), 'registries'],
    ['Version', versionType, 'version'],
  ]),
);

/** `values` as `--format json` prints them. */
export function infoValue(values: object): GoValue {
  return decode(infoType, values);
}
