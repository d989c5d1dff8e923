import { basename, dirname } from 'node:path'
import type { BlendStruct } from '../../blend/reader.ts'
import { encodePath } from '../stored-path.ts'
import { emitField, emitString, type FieldContext, type FieldReader, nameOf } from './context.ts'
import { emitInputs } from './geometry-inputs.ts'

const cacheFlag = { disk: 1 << 6, external: 1 << 9, ignoreLibraryPath: 1 << 11 }

/**
 * The disk cache of particles, cloth, soft and rigid bodies, smoke and dynamic paint. Its directory is named after the
 * .blend, so a .blend that has one must keep its name in a pack.
 */
export const readPointCache: FieldReader = (cache, context) => {
  const flag = cache.number('flag') ?? 0
  const name = nameOf(cache, 'name')
  const matching = cacheFileNames(name === '' ? hexName(context.ownerName) : name)
  const parts = { kind: 'cache' as const, optional: true }
  if (flag & cacheFlag.external) {
    emitField(cache, 'path', context, {
      ...parts,
      property: 'point_cache.filepath',
      expansion: { as: 'directory', matching },
    })
  } else if (flag & cacheFlag.disk) {
    const blend = flag & cacheFlag.ignoreLibraryPath ? context.mainBlend : context.blend
    const stem = basename(blend).replace(/\.blend$/i, '')
    context.emit({
      ...parts,
      stored: `//blendcache_${stem}`,
      base: dirname(blend),
      block: context.ownerName,
      property: 'point_cache',
      expansion: { as: 'directory', matching },
      place: { in: 'nowhere' },
    })
  }
}

/** `456D6974_000001_00.bphys`; external caches may lack the second number. */
function cacheFileNames(name: string): RegExp {
  return new RegExp(`^${RegExp.escape(name)}(_\\d+){0,2}\\.(bphys|vdb)$`)
}

/** A cache without a name uses its owner's, each byte as two hex digits. */
function hexName(ownerName: string): string {
  return encodePath(ownerName.slice(2)).toString('hex').toUpperCase()
}

const fluidDirs = /^(config|data|mesh|noise|particles|guiding|script)$/
const fluidFiles =
  /^(config|data|mesh|noise|particles|guiding|script)\/.*\.(uni|vdb|raw|gz|bphys|py|npz)$/

/** Fluids since 2.82. */
export const readFluidDomain: FieldReader = (domain, context) =>
  emitField(domain, 'cache_directory', context, {
    kind: 'cache',
    property: 'modifiers[].domain_settings.cache_directory',
    expansion: { as: 'directory', matching: fluidFiles, descend: fluidDirs },
    optional: true,
  })

/** Fluids until 2.81. */
export const readOldFluid: FieldReader = (settings, context) =>
  emitField(settings, 'surfdataPath', context, {
    kind: 'cache',
    property: 'modifiers[].settings.filepath',
    expansion: { as: 'directory', matching: /^fluidsurface_.*\.(bobj|bvel|bphys)(\.gz)?$/ },
    optional: true,
  })

export const readOcean: FieldReader = (ocean, context) =>
  emitField(ocean, 'cachepath', context, {
    kind: 'cache',
    property: `modifiers[${modifierName(ocean)}].filepath`,
    expansion: { as: 'directory', matching: /^(disp|foam|norm|spray|spray_inverse)_\d+\.exr$/ },
    optional: (ocean.number('cached') ?? 0) === 0,
  })

export const readMeshCache: FieldReader = (modifier, context) =>
  emitField(modifier, 'filepath', context, {
    kind: 'cache',
    property: `modifiers[${modifierName(modifier)}].filepath`,
  })

const bakeTarget = { inherit: 0, packed: 1, disk: 2 }
const bakeFlag = { customPath: 1 << 1 }

/** `1194069227/meta/00001_000.json` below the modifier's directory, without the number below a bake's own. */
const bakeExpansion = {
  as: 'directory' as const,
  matching: /^(-?\d+\/)?(meta|blobs)\/[^/]+$/,
  descend: /^(-?\d+|(-?\d+\/)?(meta|blobs))$/,
}

/** What a modifier puts into its node group, and the directories of its bakes. */
export const readNodesModifier: FieldReader = (modifier, context) => {
  const label = `modifiers[${modifierName(modifier)}]`
  emitInputs(modifier, label, context)
  emitBakes(modifier, label, context)
}

/** Simulations and bakes of geometry nodes: a directory of the modifier, or one of each bake. */
function emitBakes(modifier: BlendStruct, label: string, context: FieldContext): void {
  const bakes = bakesOf(modifier)
  const parts = { kind: 'cache' as const, expansion: bakeExpansion, optional: true }
  const inModifier = bakes.filter((bake) => !isPacked(bake, modifier) && !hasOwnDirectory(bake))
  if (bakes.length === 0 || inModifier.length > 0) {
    for (const field of ['simulation_bake_directory', 'bake_directory']) {
      emitString(modifier, field, context, { ...parts, property: `${label}.bake_directory` })
    }
  }
  for (const bake of bakes) {
    if (isPacked(bake, modifier) || !hasOwnDirectory(bake)) continue
    const property = `${label}.bakes[${bake.number('id') ?? ''}].directory`
    emitString(bake, 'directory', context, { ...parts, property })
  }
}

function bakesOf(modifier: BlendStruct): BlendStruct[] {
  const block = modifier.target('bakes')
  const count = modifier.number('bakes_num') ?? 0
  if (block < 0) return []
  const bakes: BlendStruct[] = []
  for (let i = 0; i < count; i += 1) {
    const bake = modifier.file.structAt(block, i)
    if (!bake) break
    bakes.push(bake)
  }
  return bakes
}

function isPacked(bake: BlendStruct, modifier: BlendStruct): boolean {
  const own = bake.number('bake_target') ?? bakeTarget.inherit
  const target = own === bakeTarget.inherit ? modifier.number('bake_target') : own
  return target === bakeTarget.packed && bake.isSet('packed')
}

function hasOwnDirectory(bake: BlendStruct): boolean {
  return ((bake.number('flag') ?? 0) & bakeFlag.customPath) !== 0
}

/** Alembic and USD files, and the layers that override them. */
export const readCacheFile: FieldReader = (cache, context) => {
  const isSequence = (cache.number('is_sequence') ?? 0) !== 0
  const expansion = { as: isSequence ? ('sequence' as const) : ('file' as const) }
  emitField(cache, 'filepath', context, { kind: 'cache', property: 'filepath', expansion })
  for (const layer of cache.list('layers')) {
    emitField(layer, 'filepath', context, {
      kind: 'cache',
      property: 'layers[].filepath',
      expansion,
    })
  }
}

export const readVolume: FieldReader = (volume, context) => {
  if (volume.isSet('packedfile')) return
  const isSequence = (volume.number('is_sequence') ?? 0) !== 0
  const expansion = { as: isSequence ? ('sequence' as const) : ('file' as const) }
  emitField(volume, 'filepath', context, { kind: 'volume', property: 'filepath', expansion })
}

/** Smoke and voxel textures until 2.79. */
export const readVoxelData: FieldReader = (voxels, context) => {
  const sequenceOrSmoke = [3, 4]
  if (sequenceOrSmoke.includes(voxels.number('file_format') ?? 0)) return
  emitField(voxels, 'source_path', context, { kind: 'volume', property: 'voxel_data.filepath' })
}

function modifierName(modifier: BlendStruct): string {
  return JSON.stringify(nameOf(modifier, 'modifier.name'))
}
