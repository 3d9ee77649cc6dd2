// A search result as the templates of `search` see it.
import { intType, stringType, struct } from '../output/template/go-type.js';

export const searchType = struct('entities.ImageSearchReport', [
  ['Index', stringType],
  ['Name', stringType],
  ['Description', stringType],
  ['Stars', intType],
  ['Official', stringType],
  ['Automated', stringType],
  ['Tag', stringType],
]);
