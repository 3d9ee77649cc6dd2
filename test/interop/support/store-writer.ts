// A process that changes a store: adds, names and deletes images at random, so many times or until it is killed.
import { openStore } from '../../../src/store/index.js';
import { addImage, sampleLayer, type SampleLayer } from '../../store/sample.js';

const [graphRoot = '', runRoot = '', prefix = '', times = 'Infinity'] = process.argv.slice(2);

function pick<T>(values: readonly T[]): T {
  return values[Math.floor(Math.random() * values.length)] as T;
}

const pool: SampleLayer[] = [];
for (let index = 0; index < 6; index += 1) {
  pool.push(await sampleLayer({ [`file-${index}`]: String(index), 'dir/common': `${prefix} ${index}` }));
}

const store = await openStore({
  graphRoot,
  runRoot,
  driver: 'overlay',
  additionalImageStores: [],
  driverOptions: [],
});
for (let count = 0; count < Number(times); count += 1) {
  const view = await store.view();
  // An image without any name yet is one that another program is about to name.
  const own = view.images.filter(({ namesHistory }) => namesHistory[0]?.startsWith(`localhost/${prefix}:`));
  const dice = Math.random();
  if (own.length < 3 || dice < 0.5) {
    const layers = Array.from({ length: 1 + Math.floor(Math.random() * 4) }, () => pick(pool));
    await addImage(store, layers, [`localhost/${prefix}:${count % 10}`], `${prefix} ${count}`);
  } else if (dice < 0.65) {
    await store.addName(pick(own).id, `localhost/${prefix}:${count % 10}`);
  } else {
    await store.deleteImage(pick(own).id);
  }
  process.stdout.write('.');
}
await store.close();
