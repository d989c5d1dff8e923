// What every job type that renders a scene asks for in the same words.

/** Blender writes these as one file, which several tasks cannot share. */
const videoFormats = ['FFMPEG', 'AVI_RAW', 'AVI_JPEG']

/**
 * Where the job's output goes.
 * @param {string} description of the path itself
 * @returns {JobSetting[]}
 */
function outputSettings(description) {
  return [
    {
      key: 'render_output_root',
      type: 'string',
      subtype: 'dir_path',
      required: true,
      visible: 'submission',
      description: 'Where renders are kept; the path of this job is made below it',
    },
    {
      key: 'add_path_components',
      type: 'int32',
      required: true,
      default: 0,
      propargs: { min: 0, max: 32 },
      visible: 'submission',
      description: 'How many of the folders the .blend file lies in become part of the path',
    },
    {
      key: 'render_output_path',
      type: 'string',
      subtype: 'file_path',
      editable: false,
      eval: "str(Path(abspath(settings.render_output_root), last_n_dir_parts(settings.add_path_components), jobname, '{timestamp}', '######'))",
      description,
    },
  ]
}

// Taken from the scene without asking.

/** @type {JobSetting} */
const blendfile = {
  key: 'blendfile',
  type: 'string',
  required: true,
  visible: 'web',
  description: 'The .blend file to render',
}

/** @type {JobSetting} */
const format = {
  key: 'format',
  type: 'string',
  required: true,
  visible: 'web',
  eval: 'C.scene.render.image_settings.file_format',
}

/** @type {JobSetting} */
const scene = {
  key: 'scene',
  type: 'string',
  required: true,
  visible: 'web',
  eval: 'C.scene.name',
  description: 'The scene to render',
}

module.exports = { videoFormats, outputSettings, blendfile, format, scene }
