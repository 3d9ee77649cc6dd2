// A step of an image's history as the templates of `history` see it.
import type { ImageHistory } from '../../src/generated/io-podman.js';
import { int64Type, sliceOf, stringType, struct, text, zeroOf } from '../output/template/go-type.js';
import type { GoType, GoValue, RawStruct } from '../output/template/go-type.js';
import { formatTime, type GoTime, inUtc, parseTime, timeText, timeType } from '../output/template/go-time.js';
import { shorten } from '../output/table.js';
import { humanAge, humanSize } from '../output/units.js';

interface Settings {
  readonly human: boolean;
  readonly trunc: boolean;
  readonly now: number;
}

/** The widest that a command is shown, unless all of it is to be. */
export const createdByWidth = 45;

const layerType = struct('entities.ImageHistoryLayer', [
  ['ID', stringType, 'id'],
  ['Created', timeType, 'created'],
  ['CreatedBy', stringType, ',omitempty'],
  ['Tags', sliceOf(stringType), 'tags,omitempty'],
  ['Size', int64Type, 'size'],
  ['Comment', stringType, 'comment,omitempty'],
]);

/** The type that a template of `history` runs over. */
export function historyType({ human, trunc, now }: Settings): GoType {
  const layer = ({ raw }: GoValue): RawStruct => (raw as RawStruct)['ImageHistoryLayer'] as RawStruct;
  const time = (step: GoValue): GoTime => layer(step)['Created'] as GoTime;
  const created = (step: GoValue): GoValue =>
    text(
      human ? humanAge(now - time(step).seconds * 1000) : formatTime(time(step), '2006-01-02T15:04:05Z07:00'),
    );
  return struct('images.historyReporter', [['ImageHistoryLayer', layerType, ',embedded']], {
    Created: created,
    CreatedSince: created,
    CreatedAt: (step) => text(timeText({ ...inUtc(time(step)), nanoseconds: 0 })),
    CreatedBy: (step) => {
      const command = String(layer(step)['CreatedBy']);
      return text(trunc ? shorten(command, createdByWidth) : command);
    },
    ID: (step) => {
      const id = String(layer(step)['ID']);
      return text(trunc ? id.slice(0, 12) : id);
    },
    Size: (step) => text(humanSize(Number(layer(step)['Size']))),
  });
}

export function historyValue(step: ImageHistory): RawStruct {
  return {
    ImageHistoryLayer: {
      ID: step.id,
      Created: parseTime(step.created) ?? zeroOf(timeType),
      CreatedBy: step.createdBy,
      // podman knows no names of steps here.
      Tags: null,
      Size: step.size,
      Comment: step.comment,
    },
  };
}
