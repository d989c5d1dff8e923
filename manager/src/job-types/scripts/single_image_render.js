// Renders one image on many workers, a tile each, and puts the tiles together.
//
// Tiles are saved as full-size 32-bit float EXR, before any colour management, and copied pixel by pixel into one
// image. That image then goes through the scene's compositor and output settings in place of a render, so that the
// result is what a single render would have given.

const {
  videoFormats,
  outputSettings,
  blendfile,
  format,
  scene,
} = require('./lib/render_settings.js')

/** @type {JobType} */
const JOB_TYPE = {
  label: 'Single Image Render',
  description: 'Render one image in tiles on many workers at once.',
  settings: [
    {
      key: 'frame',
      type: 'int32',
      required: true,
      eval: 'C.scene.frame_current',
      evalInfo: { showLinkButton: true, description: 'Use the current frame of the scene' },
      propargs: { min: 0, max: 1048574 },
      description: 'Which frame to render',
    },
    {
      key: 'columns',
      type: 'int32',
      default: 2,
      propargs: { min: 1, max: 32 },
      visible: 'submission',
      description: 'How many tiles lie side by side',
    },
    {
      key: 'rows',
      type: 'int32',
      default: 2,
      propargs: { min: 1, max: 32 },
      visible: 'submission',
      description: 'How many tiles lie one above another',
    },
    ...outputSettings('Where the image of this job goes'),

    // Taken from the scene without asking.
    blendfile,
    format,
    scene,
  ],
}

/** @param {Job} job */
function compileJob(job) {
  const settings = job.settings
  if (videoFormats.includes(settings.format)) {
    throw `This job type renders an image, not a video: choose an image format instead of ${settings.format}`
  }
  if (settings.format === 'OPEN_EXR_MULTILAYER') {
    throw 'Tiles hold the finished image only, not its layers and passes: choose another format, OPEN_EXR for example'
  }
  if (!settings.render_output_path) {
    throw 'The setting render_output_path is missing: where should the image go?'
  }
  settings.render_output_path = settings.render_output_path.replace(
    /\{timestamp\}/g,
    () => formatTimestampLocal(job.created),
  )

  const tilesDir = path.join(path.dirname(settings.render_output_path), 'tiles')
  const assemble = authorAssembleTask(settings, tilesDir)
  for (let tile = 0; tile < settings.columns * settings.rows; tile++) {
    const task = authorTileTask(settings, tilesDir, tile)
    assemble.addDependency(task)
    job.addTask(task)
  }
  job.addTask(assemble)
}

function authorTileTask(settings, tilesDir, tile) {
  const output = path.join(tilesDir, `tile-${String(tile).padStart(4, '0')}-######`)
  return authorBlenderTask(settings, `tile-${tile + 1}`, {
    output,
    format: 'OPEN_EXR',
    python: [...pythonTileSize(settings), `tile = ${tile}`, ...pythonRenderTile],
    scriptArgs: [],
  })
}

function authorAssembleTask(settings, tilesDir) {
  return authorBlenderTask(settings, 'assemble', {
    output: settings.render_output_path,
    format: settings.format,
    python: [...pythonTileSize(settings), ...pythonAssemble],
    scriptArgs: ['--', path.join(tilesDir, 'tile-')],
  })
}

function authorBlenderTask(settings, name, { output, format, python, scriptArgs }) {
  const task = author.Task(name, 'blender')
  task.frames = String(settings.frame)
  task.addCommand(
    author.Command(
      'blender-render',
      {
        exe: '{blender}',
        exeArgs: '{blenderArgs}',
        argsBefore: [],
        blendfile: settings.blendfile,
        args: [
          '--scene',
          settings.scene,
          '--render-output',
          output,
          '--render-format',
          format,
          // Without it, an error in the Python would still end in a "successful" render.
          '--python-exit-code',
          '1',
          '--python-expr',
          python.join('\n'),
          '--render-frame',
          String(settings.frame),
          ...scriptArgs,
        ],
      },
      1,
    ),
  )
  return task
}

// Python for Blender 2.93 and later. It holds no paths and no braces: paths are translated for each worker's platform,
// slashes and all, and braces are how variables are written.

function pythonTileSize({ columns, rows, frame }) {
  return [
    'import bpy, sys',
    'from array import array',
    'scene = bpy.context.scene',
    'render = scene.render',
    `columns, rows, frame = ${columns}, ${rows}, ${frame}`,
    'width = render.resolution_x * render.resolution_percentage // 100',
    'height = render.resolution_y * render.resolution_percentage // 100',
    'render.use_file_extension = True',
    'render.use_placeholder = False',
    'render.use_sequencer = False',
    'def bounds(tile):',
    '    column, row = tile % columns, tile // columns',
    '    return (width * column // columns, width * (column + 1) // columns,',
    '            height * row // rows, height * (row + 1) // rows)',
    'def compositor():',
    '    if hasattr(scene, "compositing_node_group"):',
    '        return scene.compositing_node_group if render.use_compositing else None',
    '    return scene.node_tree if scene.use_nodes and render.use_compositing else None',
    'def layer_nodes(tree):',
    '    return [n for n in tree.nodes if n.type == "R_LAYERS" and not n.mute]',
  ]
}

const pythonRenderTile = [
  'if render.use_multiview:',
  '    raise SystemExit("single image render: stereo scenes can not be rendered in tiles")',
  'if render.use_border:',
  '    raise SystemExit("single image render: turn off the render region of the scene first")',
  'if compositor():',
  '    for node in layer_nodes(compositor()):',
  '        used = [s.name for s in node.outputs if s.is_linked and s.name not in ("Image", "Alpha")]',
  '        if used or node.scene != scene:',
  '            raise SystemExit("single image render: the compositor uses more than the image: "',
  '                             + ", ".join(used or [node.name]))',
  'render.use_compositing = False',
  'render.use_overwrite = False',
  'image = render.image_settings',
  'image.color_mode, image.color_depth, image.exr_codec = "RGBA", "32", "ZIP"',
  'if hasattr(image, "color_management"):',
  '    image.color_management = "FOLLOW_SCENE"',
  // Neighbouring pixels count for adaptive sampling a little and for a denoiser a lot, so a tile renders more than it
  // is asked for; only its own part is kept.
  'denoised = scene.render.engine == "CYCLES" and getattr(scene.cycles, "use_denoising", False)',
  'margin = 64 if denoised else 4',
  'left, right, bottom, top = bounds(tile)',
  // A quarter of a pixel keeps rounding in either direction from moving the edge.
  'def edge(pixel, size):',
  '    return min(max((pixel + 0.25) / size, 0.0), 1.0)',
  'render.use_border, render.use_crop_to_border = True, False',
  'render.border_min_x, render.border_max_x = edge(left - margin, width), edge(right + margin, width)',
  'render.border_min_y, render.border_max_y = edge(bottom - margin, height), edge(top + margin, height)',
]

const pythonAssemble = [
  'render.use_overwrite = True',
  'prefix = sys.argv[sys.argv.index("--") + 1]',
  'whole = array("f", bytes(width * height * 16))',
  'pixels = array("f", bytes(width * height * 16))',
  'for tile in range(columns * rows):',
  '    part = bpy.data.images.load("%s%04d-%06d.exr" % (prefix, tile, frame))',
  '    part.colorspace_settings.name = "Non-Color"',
  '    part.alpha_mode = "CHANNEL_PACKED"',
  '    if tuple(part.size) != (width, height):',
  '        raise SystemExit("single image render: tile %d is %d by %d pixels" % ((tile,) + tuple(part.size)))',
  '    part.pixels.foreach_get(pixels)',
  '    left, right, bottom, top = bounds(tile)',
  '    for y in range(bottom, top):',
  '        start, end = (y * width + left) * 4, (y * width + right) * 4',
  '        whole[start:end] = pixels[start:end]',
  '    bpy.data.images.remove(part)',
  'merged = bpy.data.images.new("assembled", width, height, alpha=True, float_buffer=True)',
  'merged.colorspace_settings.name = "Non-Color"',
  'merged.alpha_mode = "PREMUL"',
  'merged.pixels.foreach_set(whole)',
  'merged.update()',
  'if hasattr(render, "compositor_precision"):',
  '    render.compositor_precision = "FULL"',
  'tree = compositor()',
  'if tree is None:',
  '    if hasattr(scene, "compositing_node_group"):',
  '        tree = bpy.data.node_groups.new("assemble", "CompositorNodeTree")',
  '        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")',
  '        scene.compositing_node_group = tree',
  '        sink = tree.nodes.new("NodeGroupOutput")',
  '    else:',
  '        scene.use_nodes = True',
  '        tree = scene.node_tree',
  '        tree.nodes.clear()',
  '        sink = tree.nodes.new("CompositorNodeComposite")',
  '    source = tree.nodes.new("CompositorNodeRLayers")',
  '    tree.links.new(source.outputs["Image"], sink.inputs[0])',
  'render.use_compositing = True',
  // A compositor without render layers renders nothing, which is the point.
  'for node in [n for n in tree.nodes if n.type == "R_LAYERS"]:',
  '    picture = tree.nodes.new("CompositorNodeImage")',
  '    picture.image = merged',
  '    for link in [l for l in tree.links if l.from_node == node]:',
  '        output = picture.outputs[link.from_socket.name]',
  '        tree.links.new(output, link.to_socket)',
  '    tree.nodes.remove(node)',
]
