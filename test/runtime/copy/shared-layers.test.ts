import { describe, expect, it } from '@jest/globals';
import {
  SharedLayers,
  type UnpackedLayer,
  type UnpackLayer,
} from '../../../src/runtime/copy/shared-layers.js';

const never = new AbortController().signal;
const ignore = (): void => undefined;

/** A layer that is made when told to, and tells what becomes of it. */
class FakeLayer {
  made = 0;
  discarded = 0;
  aborted = false;
  progress: (bytes: number) => void = ignore;
  succeed: () => void = ignore;
  fail: (error: Error) => void = ignore;

  readonly unpack: UnpackLayer = (onBytes, signal) => {
    this.made += 1;
    this.progress = onBytes;
    return new Promise<UnpackedLayer>((resolve, reject) => {
      this.succeed = () => {
        const discard = async (): Promise<void> => {
          this.discarded += 1;
          await Promise.resolve();
        };
        resolve({ staged: { discard }, summary: {} } as unknown as UnpackedLayer);
      };
      this.fail = reject;
      signal.addEventListener('abort', () => {
        this.aborted = true;
        reject(signal.reason as Error);
      });
    });
  };
}

describe('layers shared by pulls', () => {
  it('are made once, and every pull sees the bytes', async () => {
    const layers = new SharedLayers();
    const fake = new FakeLayer();
    const seen: string[] = [];
    const first = layers.take('k', fake.unpack, (bytes) => seen.push(`first ${bytes}`), never);
    const second = layers.take('k', fake.unpack, (bytes) => seen.push(`second ${bytes}`), never);
    fake.progress(7);
    fake.succeed();
    expect((await first).layer).toBe((await second).layer);
    expect(fake.made).toBe(1);
    expect(seen).toEqual(['first 7', 'second 7']);
  });

  it('go on when the pull that began them leaves, and stop when the last one does', async () => {
    const layers = new SharedLayers();
    const fake = new FakeLayer();
    const [one, two] = [new AbortController(), new AbortController()];
    const first = layers.take('k', fake.unpack, ignore, one.signal);
    const second = layers.take('k', fake.unpack, ignore, two.signal);
    one.abort(new Error('first left'));
    await expect(first).rejects.toThrow('first left');
    expect(fake.aborted).toBe(false);
    two.abort(new Error('second left'));
    await expect(second).rejects.toThrow('second left');
    expect(fake.aborted).toBe(true);
  });

  it('are removed with the last share', async () => {
    const layers = new SharedLayers();
    const fake = new FakeLayer();
    const takes = [
      layers.take('k', fake.unpack, ignore, never),
      layers.take('k', fake.unpack, ignore, never),
    ];
    fake.succeed();
    const [first, second] = await Promise.all(takes);
    await first?.release();
    expect(fake.discarded).toBe(0);
    await second?.release();
    expect(fake.discarded).toBe(1);
  });

  it('are made anew from our source when another pull has failed', async () => {
    const layers = new SharedLayers();
    const [theirs, ours] = [new FakeLayer(), new FakeLayer()];
    const first = layers.take('k', theirs.unpack, ignore, never);
    const second = layers.take('k', ours.unpack, ignore, never);
    theirs.fail(new Error('their registry is down'));
    await expect(first).rejects.toThrow('their registry is down');
    await new Promise((resolve) => setImmediate(resolve));
    ours.succeed();
    expect((await second).spent).toBe(false);
    expect(ours.made).toBe(1);
  });

  it('are not handed out any more once a commit has used them up', async () => {
    const layers = new SharedLayers();
    const [old, anew] = [new FakeLayer(), new FakeLayer()];
    const takes = [layers.take('k', old.unpack, ignore, never), layers.take('k', old.unpack, ignore, never)];
    old.succeed();
    const [first, second] = await Promise.all(takes);
    first?.spend();
    expect(second?.spent).toBe(true);
    const third = layers.take('k', anew.unpack, ignore, never);
    anew.succeed();
    expect((await third).spent).toBe(false);
    expect(anew.made).toBe(1);
  });
});
