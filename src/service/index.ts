// The interfaces imaged provides, each method bound to the runtime it works on.
import { ioImaged, type IoImagedService } from '../generated/io-imaged.js';
import { ioPodman, type IoPodmanService } from '../generated/io-podman.js';
import type { Dispatcher, Permit } from '../rpc/index.js';
import type { Runtime } from '../runtime/runtime.js';
import { build } from './build.js';
import { buildImageHierarchyMap } from './build-image-hierarchy-map.js';
import { buildImage } from './build-image.js';
import { commit } from './commit.js';
import { containerExists } from './container-exists.js';
import { containerStateData } from './container-state-data.js';
import { containerRunlabel } from './container-runlabel.js';
import { copyImage } from './copy-image.js';
import { deleteUnusedImages } from './delete-unused-images.js';
import { toInterfaceError, toOperationFailed } from './errors.js';
import { diff } from './diff.js';
import { download } from './download.js';
import { exportImage } from './export-image.js';
import { getEvents } from './get-events.js';
import { getImage } from './get-image.js';
import { getInfo } from './get-info.js';
import { getLayersMapWithImageInfo } from './get-layers-map-with-image-info.js';
import { getVersion } from './get-version.js';
import { historyImage } from './history-image.js';
import { imageExists } from './image-exists.js';
import { imageSave } from './image-save.js';
import { imagesPrune } from './images-prune.js';
import { imageTree } from './image-tree.js';
import { importImage } from './import-image.js';
import { inspectImage } from './inspect-image.js';
import { listImagesWithFilters } from './list-images-with-filters.js';
import { listImages } from './list-images.js';
import { listTags } from './list-tags.js';
import { loadImage } from './load-image.js';
import { pullImage } from './pull-image.js';
import { pushImage } from './push-image.js';
import { receiveFile } from './receive-file.js';
import { removeImageWithResponse } from './remove-image-with-response.js';
import { removeImage } from './remove-image.js';
import { searchImages } from './search-images.js';
import { sendFile } from './send-file.js';
import { tagImage } from './tag-image.js';
import { upload } from './upload.js';
import { untagImage } from './untag-image.js';
import { watchOperations } from './watch-operations.js';

/** Adds the interfaces to a dispatcher; `permit` stands before every method. */
export function serveInterfaces(dispatcher: Dispatcher, runtime: Runtime, permit: Permit): void {
  const ioPodmanService: IoPodmanService = {
    getVersion: () => getVersion(runtime),
    getInfo: (params, call) => getInfo(runtime, params, call),
    listImages: (params, call) => listImages(runtime, params, call),
    listImagesWithFilters: (params, call) => listImagesWithFilters(runtime, params, call),
    getImage: (params, call) => getImage(runtime, params, call),
    imageExists: (params, call) => imageExists(runtime, params, call),
    inspectImage: (params, call) => inspectImage(runtime, params, call),
    historyImage: (params, call) => historyImage(runtime, params, call),
    imageTree: (params, call) => imageTree(runtime, params, call),
    getLayersMapWithImageInfo: (params, call) => getLayersMapWithImageInfo(runtime, params, call),
    buildImageHierarchyMap: (params, call) => buildImageHierarchyMap(runtime, params, call),
    diff: (params, call) => diff(runtime, params, call),
    tagImage: (params, call) => tagImage(runtime, params, call),
    untagImage: (params, call) => untagImage(runtime, params, call),
    removeImage: (params, call) => removeImage(runtime, params, call),
    removeImageWithResponse: (params, call) => removeImageWithResponse(runtime, params, call),
    deleteUnusedImages: (params, call) => deleteUnusedImages(runtime, params, call),
    imagesPrune: (params, call) => imagesPrune(runtime, params, call),
    pullImage: (params, call) => pullImage(runtime, params, call),
    pushImage: (params, call) => pushImage(runtime, params, call),
    exportImage: (params, call) => exportImage(runtime, params, call),
    imageSave: (params, call) => imageSave(runtime, params, call),
    loadImage: (params, call) => loadImage(runtime, params, call),
    importImage: (params, call) => importImage(runtime, params, call),
    buildImage: (params, call) => buildImage(runtime, params, call),
    commit: (params, call) => commit(runtime, params, call),
    containerExists: (params, call) => containerExists(runtime, params, call),
    containerStateData: (params, call) => containerStateData(runtime, params, call),
    searchImages: (params, call) => searchImages(runtime, params, call),
    sendFile: (params, call) => sendFile(runtime, params, call),
    receiveFile: (params, call) => receiveFile(runtime, params, call),
    containerRunlabel: (params, call) => containerRunlabel(runtime, params, call),
    getEvents: (params, call) => getEvents(runtime, params, call),
  };
  const ioImagedService: IoImagedService = {
    watchOperations: (_params, call) => watchOperations(runtime.operations, call),
    copyImage: (params, call) => copyImage(runtime, params, call),
    listTags: (params, call) => listTags(runtime, params, call),
    build: (params, call) => build(runtime, params, call),
    upload: (params, call) => upload(runtime, params, call),
    download: (params, call) => download(runtime, params, call),
  };
  dispatcher.serve(ioPodman, ioPodmanService, { errorFor: toInterfaceError, permit });
  dispatcher.serve(ioImaged, ioImagedService, { errorFor: toOperationFailed, permit });
}
