// The layers of an image, or the layers on top of it, drawn as text (images-and-transports §8.4).
import type { StoredImage, StoreView } from '../../store/index.js';
import { imageSize } from './image-list.js';
import { imageLayers, layerMap, type LayerInfo, type LayerMap } from './layer-map.js';

const middle = '├── ';
const last = '└── ';
const line = '│   ';
const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
const shortId = 12;

/** The text that Podman 1.9 prints; with `whatRequires` the tree of all that stands on the image. */
export function imageTree(view: StoreView, image: StoredImage, whatRequires: boolean): string {
  const { ID, Tags, Layers } = imageLayers(view, image);
  const head = [
    `Image ID: ${ID.slice(0, shortId)}`,
    `Tags:     ${list(Tags)}`,
    `Size:     ${humanSize(imageSize(view, image))}`,
    image.layer === undefined ? 'No Image Layers' : 'Image Layers',
  ];
  const layers = whatRequires ? childLines(layerMap(view), image.layer) : ownLines(Layers ?? []);
  return [...head, ...layers].map((text) => `${text}\n`).join('');
}

/** Base first, with two blanks behind the branch. */
function ownLines(layers: readonly LayerInfo[]): string[] {
  return layers.map((layer, index) => {
    const branch = index === layers.length - 1 ? last : middle;
    return `${branch} ${description(layer)}`;
  });
}

/** From the layer upwards. Each is drawn once: the records of a damaged store may go round in circles. */
function childLines(map: LayerMap, top: string | undefined): string[] {
  const lines: string[] = [];
  const drawn = new Set<string>();
  const waiting = [{ id: top, prefix: '', isLast: true }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const layer = next.id === undefined ? undefined : map.get(next.id);
    if (layer === undefined || drawn.has(layer.ID)) continue;
    drawn.add(layer.ID);
    const children = layer.ChildID ?? [];
    // The only child of a last one stays in its column.
    const ends = next.isLast && children.length !== 1;
    lines.push(`${next.prefix}${ends ? last : middle}${description(layer)}`);
    const prefix = `${next.prefix}${next.isLast ? (ends ? ' ' : '') : line}`;
    waiting.push(
      ...children.map((id, index) => ({ id, prefix, isLast: index === children.length - 1 })).toReversed(),
    );
  }
  return lines;
}

function description({ ID, Size, RepoTags }: LayerInfo): string {
  const images = RepoTags === null ? '' : ` Top Layer of: ${list(RepoTags)}`;
  return `ID: ${ID.slice(0, shortId)} Size: ${humanSize(Size).padStart(7)}${images}`;
}

/** As Go prints a list of texts. */
function list(texts: readonly string[] | null): string {
  return `[${(texts ?? []).join(' ')}]`;
}

/** Four digits in powers of 1000, as C's `%.4g` has them. */
function humanSize(bytes: number): string {
  let size = bytes;
  let unit = 0;
  for (; size >= 1000 && unit < units.length - 1; unit += 1) size /= 1000;
  return `${Number(size.toPrecision(4))}${units[unit]}`;
}
