// All cases, by what of build.md they are about.
import type { ConformanceCase } from '../conformance-case.js';
import { copyCases } from './copy.js';

export const allCases: Readonly<Record<string, readonly ConformanceCase[]>> = {
  COPY: copyCases,
};
