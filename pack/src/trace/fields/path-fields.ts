import type { Dna, DnaField } from '../../blend/dna.ts'

/** Fields that a trace follows, as they are called on disk. */
export const followedFields: ReadonlySet<string> = new Set([
  'Brush.icon_filepath',
  'CacheFile.filepath',
  'CacheFileLayer.filepath',
  'Camera.custom_filepath',
  'CustomDataExternal.filename',
  'Editing.proxy_dir',
  'FluidDomainSettings.cache_directory',
  'FluidsimSettings.surfdataPath',
  'Image.name',
  'ImageView.filepath',
  'Library.name',
  'MeshCacheModifierData.filepath',
  'MovieClip.name',
  'MovieClipProxy.dir',
  'NodeShaderScript.filepath',
  'NodeShaderTexIES.filepath',
  'NodesModifierBake.directory',
  'NodesModifierData.simulation_bake_directory',
  'OceanModifierData.cachepath',
  'PointCache.path',
  'Strip.dir',
  'StripElem.name',
  'StripProxy.dir',
  'StripProxy.file',
  'Text.name',
  'VFont.name',
  'Volume.filepath',
  'VoxelData.source_path',
  'bNodeSocketValueString.value',
  'bSound.name',
])

/** Path-like fields that are left alone, and why. */
export const ignoredFields: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'is written, never read, by a render': [
      'BakeData.filepath',
      'DynamicPaintSurface.image_output_path',
      'NodeImageFile.name',
      'NodeImageMultiFile.base_path',
      'NodeImageMultiFile.directory',
      'NodeImageMultiFile.file_name',
      'NodeImageMultiFileSocket.path',
      'RenderData.pic',
    ],
    'is a copy that Blender makes anew when it loads': [
      'CacheFile.handle_filepath',
      'FileGlobal.filename',
      'ImagePackedFile.filepath',
      'Library.filepath',
      'Library.filepath_abs',
      'Library_Runtime.filepath_abs',
    ],
    'tells where appended data came from': ['LibraryWeakReference.library_filepath'],
    'belongs to the user interface or the preferences': [
      'AssetCatalogPathLink.path',
      'Editing.act_imagedir',
      'Editing.act_sounddir',
      'FileSelectParams.dir',
      'FileSelectParams.file',
      'FileSelectParams.renamefile',
      'FSMenuEntry.path',
      'Script.scriptname',
      'ThemeUI.iconfile',
      'XrActionMapBinding.profile',
      'bPathCompare.path',
      'bTheme.filepath',
      'bUserAssetLibrary.path',
      'bUserExtensionRepo.custom_dirpath',
      'bUserScriptDirectory.dir_path',
      'uiFont.filename',
    ],
    'names something inside a file or a scene': [
      'AlembicObjectPath.path',
      'CacheObjectPath.path',
      'MeshSeqCacheModifierData.object_path',
      'MeshSeqCacheModifierData.reader_object_path',
      'bTransformCacheConstraint.object_path',
      'bTransformCacheConstraint.reader_object_path',
    ],
  }).flatMap(([reason, fields]) => fields.map((field) => [field, reason] as const)),
)

const pathLike = /path|dir$|directory|file$|file_?name/i
const ownFamily = /rna_path|catalog_path|data_path|relpath/
const shortest = 240

/** Fields of a file's structs that look like paths and are neither followed nor known to be of no interest. */
export function unknownPathFields(dna: Dna): string[] {
  const unknown: string[] = []
  for (let index = 0; index < dna.structCount; index += 1) {
    const struct = dna.struct(index)!
    if (struct.name === 'UserDef') continue
    for (const field of struct.fields) {
      const name = `${struct.name}.${field.name}`
      if (!looksLikePath(field) || followedFields.has(name) || ignoredFields.has(name)) continue
      unknown.push(name)
    }
  }
  return unknown.sort()
}

function looksLikePath(field: DnaField): boolean {
  if (field.type !== 'char' || !pathLike.test(field.name) || ownFamily.test(field.name))
    return false
  return field.pointerDepth === 1 || field.size >= shortest
}
