// All cases, by what of build.md they are about.
import type { ConformanceCase } from '../conformance-case.js';
import { addCases } from './add.js';
import { configurationCases } from './configuration.js';
import { copyCases } from './copy.js';
import { copyFlagCases } from './copy-flags.js';
import { ignoreCases } from './ignores.js';
import { layerCases } from './layers.js';
import { readingCases } from './reading.js';
import { runCases } from './runs.js';
import { stageCases } from './stages.js';
import { wordCases } from './words.js';

export const allCases: Readonly<Record<string, readonly ConformanceCase[]>> = {
  'Reading the file': readingCases,
  Words: wordCases,
  COPY: copyCases,
  'Flags of COPY': copyFlagCases,
  ADD: addCases,
  RUN: runCases,
  Configuration: configurationCases,
  Stages: stageCases,
  'Ignore files': ignoreCases,
  Layers: layerCases,
};
