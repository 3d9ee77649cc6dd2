// All of them.
import { contentHazards } from './content-hazards.js';
import { directoryHazards } from './directory-hazards.js';
import { flatHazards } from './flat-hazards.js';
import type { Hazard } from './hazard.js';
import { layoutHazards } from './layout-hazards.js';
import { manifestHazards } from './manifest-hazards.js';
import { pathHazards } from './path-hazards.js';
import { tarHazards } from './tar-hazards.js';

export const hazards: readonly Hazard[] = [
  ...manifestHazards,
  ...pathHazards,
  ...contentHazards,
  ...tarHazards,
  ...layoutHazards,
  ...directoryHazards,
  ...flatHazards,
];
