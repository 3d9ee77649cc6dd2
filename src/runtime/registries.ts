// tmp
import type { Reference } from '../oci/reference.js';
import type { ImageSource } from './image-source.js';
export interface Credentials {
  username: string;
  password: string;
}
export class Registries {
  search: string[] = [];
  insecure: string[] = [];
  blocked: string[] = [];
  static async load(..._: unknown[]): Promise<Registries> {
    return new Registries();
  }
  candidates(_name: string): readonly Reference[] {
    return [];
  }
  async open(
    _r: Reference,
    _c: Credentials | undefined,
    _s: AbortSignal,
  ): Promise<ImageSource & AsyncDisposable> {
    throw new Error('x');
  }
}
