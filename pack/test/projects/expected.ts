/**
 * What the scene of everything.py needs, relative to its directory, with one user each: kind, datablock, property.
 */
export const expectedFiles: Record<string, string> = {
  'tex/rel.png': 'image IMrel filepath',
  'tex/udim.1002.png': 'tile IMudim filepath',
  'tex/uv_u2_v1.png': 'tile IMuvtile filepath',
  'tex/stereo_R.png': 'image IMstereo views["right"].filepath',
  'tex/link.png': 'image IMsymlink filepath',
  'tex/bg.png': 'image IMbg filepath',
  'tex/grade.png': 'image IMgrade filepath',
  'tex/world.png': 'image IMworld filepath',
  'tex/displace.png': 'image IMdisplace filepath',
  'nodes/lamp.ies': 'light-profile LALamp nodes["IES Texture"].filepath',
  'nodes/shade.osl': 'shader MAOsl nodes["Script"].filepath',
  'audio/speak.wav': 'sound SOspeak.wav filepath',
  'plate/plate.003.png': 'sequence MCplate.001.png filepath',
  'movie/clip.avi': 'movie MCclip.avi filepath',
  'vdb/one.vdb': 'volume VOOne filepath',
  'vdb/fog_0003.vdb': 'volume VOMany filepath',
  'scripts/ext.py': 'text TXext.py filepath',
  'cache/anim.mdd': 'cache OBanim.mdd modifiers["Cache"].filepath',
  'cache/points.pc2': 'cache OBpoints.pc2 modifiers["Cache"].filepath',
  'cache/single.abc': 'cache CFsingle.abc filepath',
  'cache/layer.abc': 'cache CFsingle.abc layers[].filepath',
  'cache/run_0002.abc': 'cache CFrun_0001.abc filepath',
  'cache/stage.usda': 'cache CFstage.usda filepath',
  'ocean/disp_0001.exr': 'cache OBOcean modifiers["Ocean"].filepath',
  'fluid/data/fluid_data_0001.vdb': 'cache OBFluid modifiers[].domain_settings.cache_directory',
  'particles/fx_000001_00.bphys': 'cache OBEmitter point_cache.filepath',
  'blendcache_sh010/466C6167_000001_00.bphys': 'cache OBFlag point_cache',
  'bakes/123/meta/00001_000.json': 'cache OBBaked modifiers["GN"].bake_directory',
  'edit/other name.png': 'image SCScene sequence_editor.strips["Images"].elements[].filename',
  'edit/st_R.png': 'image SCScene sequence_editor.strips["Stereo"].elements[].filename',
  'edit/inner.png': 'image SCScene sequence_editor.strips["Inner"].elements[].filename',
  'edit/cut.avi': 'movie SCScene sequence_editor.strips["Movie"].filepath',
}

/** Dependencies that Blender Asset Tracer 1.23 or Blender's own listing does not find, by what they are. */
export const missedByOthers: Record<string, Record<string, string>> = {
  'light profiles in worlds, node groups and materials': {
    'nodes/world.ies': 'light-profile WOWorld nodes["IES Texture"].filepath',
    'nodes/group.ies': 'light-profile NTGrouped nodes["IES Texture"].filepath',
    'nodes/material.ies': 'light-profile MAOsl nodes["IES Texture"].filepath',
  },
  'a light profile in a linked node group': {
    '../../assets/kit/linked.ies': 'light-profile NTProfile nodes["IES Texture"].filepath',
  },
  'OSL scripts': { 'nodes/shade.osl': 'shader MAOsl nodes["Script"].filepath' },
  'the sound of a linked speaker': { '../../assets/kit/hum.wav': 'sound SOhum.wav filepath' },
  'background images and clips of a linked camera': {
    '../../assets/kit/board.png': 'image IMboard filepath',
    '../../assets/kit/ref/ref.002.png': 'sequence MCref.001.png filepath',
  },
  'texts in files, Freestyle modules among them': {
    'scripts/ext.py': 'text TXext.py filepath',
    'scripts/style.py': 'text TXstyle.py filepath',
  },
  'all frames of a movie clip': {
    'plate/plate.004.png': 'sequence MCplate.001.png filepath',
    'comp/plate_02.png': 'sequence MCplate_01.png filepath',
  },
  'tiles by <UVTILE>': { 'tex/uv_u2_v1.png': 'tile IMuvtile filepath' },
  'disk caches of soft bodies': {
    'blendcache_sh010/536F6674_000001_00.bphys': 'cache OBSoft point_cache',
  },
  'disk caches of particles, cloth and dynamic paint': {
    'blendcache_sh010/44757374_000001_00.bphys': 'cache OBDust point_cache',
    'blendcache_sh010/466C6167_000001_00.bphys': 'cache OBFlag point_cache',
    'blendcache_sh010/43616E766173_000001_00.bphys': 'cache OBCanvas point_cache',
  },
  'the second view of a stereo image and strip': {
    'tex/stereo_R.png': 'image IMstereo views["right"].filepath',
    'edit/st_R.png': 'image SCScene sequence_editor.strips["Stereo"].elements[].filename',
  },
  'layers over an Alembic file': { 'cache/layer.abc': 'cache CFsingle.abc layers[].filepath' },
  'what USD layers name': {
    'cache/layers/set.usda': 'cache CFstage.usda filepath',
    'cache/deep.usda': 'cache CFstage.usda filepath',
    'cache/wood.png': 'image CFstage.usda filepath',
  },
  'bakes of geometry nodes': {
    'bakes/123/blobs/00001_000.blob': 'cache OBBaked modifiers["GN"].bake_directory',
  },
  'paths in import nodes and in the inputs of geometry nodes': {
    'geo/own.obj': 'file NTImport inputs[].default_value',
    'geo/given.obj': 'file OBImport Near modifiers["Import"]["Socket_1"]',
  },
}

/** On disk, and needed by no render. */
export const notTaken = [
  'tex/udim.preview.png',
  'tex/udim.0999.png',
  'tex/udim.1050.png',
  'ui/icon.png',
  'edit/BL_proxy/images/50/c.png_proxy.jpg',
  'proxies/cut.avi/proxy_50.avi',
]

export const onlyWithAll: Record<string, string> = {
  'ui/icon.png': 'icon BROwn icon_filepath',
  'edit/BL_proxy/images/50/c.png_proxy.jpg': 'proxy SCScene sequence_editor.strips["Images"].proxy',
  'proxies/cut.avi/proxy_50.avi': 'proxy SCScene sequence_editor.strips["Movie"].proxy',
}
