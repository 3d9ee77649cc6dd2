// imagectl rmi: removes images, or names of them.
import type { Command } from 'commander';
import type { Image, IoPodmanClient } from '../../src/generated/io-podman.js';
import { withClient } from '../connection.js';
import type { Context } from '../context.js';
import { refuseFlags } from '../refused-flags.js';
import { CommandError, describeError, failed, isImageInUse, isImageNotFound } from '../errors.js';

interface RmiOptions {
  readonly all?: boolean;
  readonly force?: boolean;
  readonly ignore?: boolean;
}

/** What was done so far. podman tells all names before all images. */
interface Outcome {
  readonly untagged: string[];
  readonly deleted: string[];
  readonly errors: unknown[];
}

export function defineRmi(command: Command, context: Context): void {
  command
    .description('Removes one or more images from local storage')
    .usage('[options] IMAGE [IMAGE...]')
    .argument('[image...]')
    .option('-a, --all', 'Remove all images')
    .option('-f, --force', 'Force Removal of the image')
    .option('-i, --ignore', 'Ignore errors if a specified image does not exist')
    .action((names: string[], options: RmiOptions) => rmi(context, names, options));
  refuseFlags(command, 'rmi');
}

async function rmi(context: Context, names: readonly string[], options: RmiOptions): Promise<void> {
  if (options.all === true && names.length > 0) {
    throw new CommandError('when using the --all switch, you may not pass any images names or IDs');
  }
  if (options.all !== true && names.length === 0)
    throw new CommandError('image name or ID must be specified');
  const outcome: Outcome = { untagged: [], deleted: [], errors: [] };
  await withClient(context, async (client) => {
    if (options.all === true) await removeAll(client, options.force === true, outcome);
    else await removeNamed(client, names, options, outcome);
  });
  for (const name of outcome.untagged) context.stdout.write(`Untagged: ${name}\n`);
  for (const id of outcome.deleted) context.stdout.write(`Deleted: ${id}\n`);
  if (outcome.errors.length > 0) throw summary(outcome.errors);
}

async function remove(client: IoPodmanClient, name: string, force: boolean, outcome: Outcome): Promise<void> {
  const { response } = await client.removeImageWithResponse({ name, force });
  outcome.untagged.push(...response.untagged);
  if (response.deleted !== '') outcome.deleted.push(response.deleted);
}

async function removeNamed(
  client: IoPodmanClient,
  names: readonly string[],
  options: RmiOptions,
  outcome: Outcome,
): Promise<void> {
  for (const name of names) {
    try {
      await remove(client, name, options.force === true, outcome);
    } catch (error) {
      // What is to be gone by all means may as well not be there.
      const tolerated = options.ignore === true || options.force === true;
      if (!isImageNotFound(error) || !tolerated) outcome.errors.push(error);
    }
  }
}

/** Goes over the list until nothing more can be removed: an image with children goes after them. */
async function removeAll(client: IoPodmanClient, force: boolean, outcome: Outcome): Promise<void> {
  for (;;) {
    const { images } = await client.listImages({});
    const before = outcome.untagged.length + outcome.deleted.length;
    const errors: unknown[] = [];
    for (const image of images.filter(({ readOnly }) => !readOnly)) {
      try {
        await removeWithNames(client, image, force, outcome);
      } catch (error) {
        if (!isImageNotFound(error)) errors.push(error);
      }
    }
    if (outcome.untagged.length + outcome.deleted.length > before) continue;
    outcome.errors.push(...errors);
    return;
  }
}

/** By id only with force can an image with several names be removed: so one name after the other, the last with the image. */
async function removeWithNames(
  client: IoPodmanClient,
  image: Image,
  force: boolean,
  outcome: Outcome,
): Promise<void> {
  if (force || image.repoTags.length === 0) return remove(client, image.id, force, outcome);
  for (const name of image.repoTags) await remove(client, name, false, outcome);
}

/** The exit code is 2 if an image was in use, 1 if the only trouble is that images were not there. */
function summary(errors: readonly unknown[]): CommandError {
  const texts = errors.map(describeError);
  const message =
    texts.length === 1
      ? (texts[0] ?? '')
      : `${texts.length} errors occurred:${texts.map((text) => `\n\t* ${text}`).join('')}`;
  if (errors.some(isImageInUse)) return new CommandError(message, 2);
  return new CommandError(message, errors.every(isImageNotFound) ? 1 : failed);
}
