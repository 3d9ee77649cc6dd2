// `node dist/test/build/conformance/main.js`: docs/build-differences.md.
import { differencesPage } from './differences-page.js';

process.stdout.write(differencesPage());
