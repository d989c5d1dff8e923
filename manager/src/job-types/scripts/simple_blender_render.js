// Renders a range of frames, a chunk per task, then makes a video of them.

const {
  videoFormats,
  outputSettings,
  blendfile,
  format,
  scene,
} = require('./lib/render_settings.js')

/** @type {JobType} */
const JOB_TYPE = {
  label: 'Simple Blender Render',
  description: 'Render a range of frames, and make a preview video of them.',
  settings: [
    {
      key: 'frames',
      type: 'string',
      required: true,
      eval: "f'{C.scene.frame_start}-{C.scene.frame_end}'",
      evalInfo: { showLinkButton: true, description: 'Use the frame range of the scene' },
      description: 'Which frames to render, for example "47", "1-30" or "3, 5-10, 47-327"',
    },
    {
      key: 'chunk_size',
      type: 'int32',
      default: 1,
      propargs: { min: 1 },
      description: 'How many frames one task renders, without starting Blender anew in between',
      visible: 'submission',
    },
    ...outputSettings('Where the frames of this job go'),

    // Taken from the scene without asking.
    blendfile,
    {
      key: 'fps',
      type: 'float',
      visible: 'hidden',
      eval: 'C.scene.render.fps / C.scene.render.fps_base',
    },
    format,
    {
      key: 'image_file_extension',
      type: 'string',
      required: true,
      visible: 'hidden',
      eval: 'C.scene.render.file_extension',
      description: 'The extension Blender gives to the frames',
    },
    {
      key: 'has_previews',
      type: 'bool',
      required: false,
      visible: 'hidden',
      eval: 'C.scene.render.image_settings.use_preview',
      description: 'Whether Blender saves a JPEG beside each frame',
    },
    scene,
  ],
}

const exrFormats = ['OPEN_EXR', 'OPEN_EXR_MULTILAYER']

// Extensions are what the video task looks for. Frames that exist are kept, so that a task that is
// run again goes on where it stopped; a placeholder would look like a frame to the other tasks.
const prepareScene = [
  'import bpy',
  'render = bpy.context.scene.render',
  'render.use_file_extension = True',
  'render.use_overwrite = False',
  'render.use_placeholder = False',
].join('; ')

/** @param {Job} job */
function compileJob(job) {
  const settings = job.settings
  if (videoFormats.includes(settings.format)) {
    throw `This job type renders images, not videos: choose an image format instead of ${settings.format}`
  }
  if (!settings.render_output_path) {
    throw 'The setting render_output_path is missing: where should the frames go?'
  }
  settings.render_output_path = settings.render_output_path.replace(
    /\{timestamp\}/g,
    () => formatTimestampLocal(job.created),
  )

  const chunks = frameChunker(settings.frames, settings.chunk_size)
  if (chunks.length === 0) throw `The frame range "${settings.frames}" holds no frame`
  const renderTasks = chunks.map((chunk) => authorRenderTask(job, chunk))
  for (const task of renderTasks) job.addTask(task)

  const videoTask = authorVideoTask(settings)
  if (!videoTask) return
  for (const task of renderTasks) videoTask.addDependency(task)
  job.addTask(videoTask)
}

function authorRenderTask(job, chunk) {
  const settings = job.settings
  // Whoever submitted knew that files are missing and wants the frames nevertheless.
  const missing = job.metadata.missing === 'ignore' ? { missing: 'ignore' } : {}
  const task = author.Task(`render-${chunk}`, 'blender')
  task.frames = chunk
  const chooseScene = settings.scene ? ['--scene', settings.scene] : []
  task.addCommand(
    author.Command(
      'blender-render',
      {
        exe: '{blender}',
        exeArgs: '{blenderArgs}',
        argsBefore: [],
        ...missing,
        blendfile: settings.blendfile,
        args: chooseScene.concat([
          '--python-expr',
          prepareScene,
          '--render-output',
          settings.render_output_path,
          '--render-format',
          settings.format,
          '--render-frame',
          chunk.replace(/-/g, '..'),
        ]),
      },
      frameCount(chunk),
    ),
  )
  return task
}

// Browsers and ffmpeg can't show EXR as it is meant to look, so its JPEG previews are used.
function authorVideoTask(settings) {
  const isExr = exrFormats.includes(settings.format)
  if (isExr && !settings.has_previews) {
    print('no preview video: EXR frames without JPEG previews')
    return undefined
  }
  if (!settings.fps) {
    print('no preview video: the frame rate is not known')
    return undefined
  }
  const dir = path.dirname(settings.render_output_path)
  const extension = isExr ? '.jpg' : settings.image_file_extension
  const blendName = path.stem(settings.blendfile).replace('.flamenco', '')
  const task = author.Task('preview-video', 'ffmpeg')
  task.addCommand(
    author.Command(
      'frames-to-video',
      {
        exe: 'ffmpeg',
        fps: settings.fps,
        inputGlob: path.join(dir, `*${extension}`),
        outputFile: path.join(dir, `${blendName}-${describeFrames(settings.frames)}.mp4`),
        args: [
          '-c:v',
          'h264',
          '-crf',
          '20',
          '-g',
          '18',
          // The codec wants even sizes.
          '-vf',
          'pad=ceil(iw/2)*2:ceil(ih/2)*2',
          '-pix_fmt',
          'yuv420p',
          '-r',
          String(settings.fps),
          '-y',
        ],
      },
      0,
    ),
  )
  return task
}

function describeFrames(frames) {
  if (!frames.includes(',')) return frames.replace(/\s+/g, '').replace('..', '-')
  const single = frameChunker(frames, 1)
  return `${single[0]}-${single[single.length - 1]}`
}
