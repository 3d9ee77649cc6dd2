// What clients of 2018 to 2020 are recorded on: a service with one image.
import { buildImage } from '../../peers/sample-image.js';
import { Scene } from './scene.js';

export interface OldScene {
  readonly scene: Scene;
  /** Of an image that every test leaves as it is. */
  readonly name: string;
  readonly id: string;
}

export async function openOldScene(): Promise<OldScene> {
  const scene = await Scene.open();
  const labels = { tier: 'front <&>' };
  const layers = [[{ name: 'file', content: 'content' }], [{ name: 'other' }]];
  const name = scene.serve('old', await buildImage({ layers, config: { Labels: labels, Cmd: ['/file'] } }));
  return { scene, name, id: await scene.daemon.pull(name) };
}
