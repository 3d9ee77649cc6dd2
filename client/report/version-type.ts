// The versions of client and service as the templates of `version` see them.
import { decode } from '../output/template/decode.js';
import { int64Type, pointerTo, stringType, struct } from '../output/template/go-type.js';
import type { GoValue } from '../output/template/go-type.js';

const versionType = pointerTo(
  struct('define.Version', [
    ['APIVersion', stringType],
    ['Version', stringType],
    ['GoVersion', stringType],
    ['GitCommit', stringType],
    ['BuiltTime', stringType],
    ['Built', int64Type],
    ['OsArch', stringType],
    ['Os', stringType],
  ]),
);

const reportType = pointerTo(
  struct('entities.SystemVersionReport', [
    ['Client', versionType, ',omitempty'],
    ['Server', versionType, ',omitempty'],
  ]),
);

/** `versions` as `--format json` prints them. */
export function versionValue(versions: object): GoValue {
  return decode(reportType, versions);
}

/** Templates of before there was a service: over the client alone. */
export function clientVersionValue(versions: { readonly Client: object }): GoValue {
  return decode(versionType, versions.Client);
}
