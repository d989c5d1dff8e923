import {
  readCacheFile,
  readFluidDomain,
  readMeshCache,
  readNodesModifier,
  readOcean,
  readOldFluid,
  readPointCache,
  readVolume,
  readVoxelData,
} from './caches.ts'
import type { FieldReader } from './context.ts'
import {
  readBrush,
  readCamera,
  readExternalData,
  readFont,
  readMovieClip,
  readSound,
  readText,
} from './files.ts'
import { readStringSocket } from './geometry-inputs.ts'
import { readCurve, readImage, readImageSocket, readImageUser, readNode } from './images.ts'
import { readStrip } from './strips.ts'

/**
 * Every struct that names files or says which frames of them are shown, by its name on disk, which never changes. Library paths are not here: they are
 * followed by the placeholders that need them.
 */
export const fieldReaders: ReadonlyMap<string, FieldReader> = new Map([
  ['Image', readImage],
  ['Tex', readImageUser('ima', 'iuser')],
  ['CameraBGImage', readImageUser('ima', 'iuser')],
  ['Object', readImageUser('data', 'iuser')],
  ['bNode', readNode],
  ['bNodeSocketValueImage', readImageSocket],
  ['bNodeSocketValueString', readStringSocket],
  ['VFont', readFont],
  ['bSound', readSound],
  ['MovieClip', readMovieClip],
  ['Text', readText],
  ['CustomDataExternal', readExternalData],
  ['Brush', readBrush],
  ['Camera', readCamera],
  ['Sequence', readStrip],
  ['PointCache', readPointCache],
  ['FluidDomainSettings', readFluidDomain],
  ['FluidsimSettings', readOldFluid],
  ['OceanModifierData', readOcean],
  ['MeshCacheModifierData', readMeshCache],
  ['NodesModifierData', readNodesModifier],
  ['CacheFile', readCacheFile],
  ['Volume', readVolume],
  ['VoxelData', readVoxelData],
  ['FCurve', readCurve],
])
